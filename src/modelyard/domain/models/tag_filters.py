"""Conditions on the tags of models, as they are written in addresses: `a;b` both, `a,b` one of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from modelyard.core.errors import InvalidInput
from modelyard.domain.models.tables import Model, ModelTag
from modelyard.domain.models.tag_names import CATEGORY_OF, bit_of, tag_identifier

MOST_NAMED = 50
_HELD = "\x1f"
"""Stands for a comma that belongs to an identifier while the text is split at the others."""


def _pattern(identifier: str) -> str:
    return "".join(r"[\s_]+" if letter == "_" else re.escape(letter) for letter in identifier)


_WITH_COMMAS = re.compile(
    rf"(?<![^,;])\s*(?:{'|'.join(_pattern(name) for name in CATEGORY_OF if ',' in name)})\s*(?![^,;])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Tags that a model must have: all of one of the alternatives."""

    alternatives: Sequence[Sequence[str]]

    @property
    def is_predefined(self) -> bool:
        """Whether it names nothing but predefined tags."""
        return all(bit_of(tag) for alternative in self.alternatives for tag in alternative)

    @property
    def category(self) -> str | None:
        """The category whose tags are offered as alternatives; None for everything that is not just that."""
        found = {CATEGORY_OF.get(each[0]) if len(each) == 1 else None for each in self.alternatives}
        return found.pop() if len(found) == 1 else None


def read_identifiers(text: str) -> list[str]:
    """Identifiers or names with commas between, some of which have commas in them; each once."""
    tags = [tag for alternative in _split(text) for tag in alternative]
    return list(dict.fromkeys(tags))[:MOST_NAMED]


def read_tag_filter(text: str) -> TagFilter | None:
    """Names or identifiers with `,` and `;` between; None for an empty text. Raises InvalidInput."""
    alternatives = _split(text)
    if sum(map(len, alternatives)) > MOST_NAMED:
        raise InvalidInput(f"tags: at most {MOST_NAMED} at once.")
    return TagFilter(alternatives) if alternatives else None


def _split(text: str) -> list[list[str]]:
    held = _WITH_COMMAS.sub(lambda found: found[0].replace(",", _HELD), text.replace(_HELD, " ").replace("\0", " "))
    alternatives = [
        [tag for part in alternative.split(";") if (tag := tag_identifier(part.replace(_HELD, ",")))]
        for alternative in held.split(",")
    ]
    return [alternative for alternative in alternatives if alternative]


def has_tags(wanted: TagFilter) -> ColumnElement[bool]:
    """The condition on rows of `models`."""
    return or_(*(and_(*map(has_tag, alternative)) for alternative in wanted.alternatives))


def has_tag(identifier: str) -> ColumnElement[bool]:
    """Whether a model has one tag; of a predefined one its row says so itself."""
    if bit := bit_of(identifier):
        return Model.tag_bits.bitwise_and(bit) != 0
    # Those that have it, and not for each model whether it does: of most tags there are few.
    return Model.id.in_(select(ModelTag.model_id).where(ModelTag.tag == identifier))
