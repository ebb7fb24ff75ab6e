"""What somebody has chosen in the library, and the addresses that choose something else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from fastapi import Request

from modelyard.domain.models.filters import MODEL_EXACT, MODEL_FLAGS, MODEL_TEXTS, MODEL_TIMES
from modelyard.domain.models.tag_filters import TagFilter
from modelyard.domain.models.tag_names import CATEGORY_OF
from modelyard.entrypoints.rest.requests import read_text

LIBRARY = "/models"
READY = {"isActive": "true", "isExpired": "false"}
"""What may be used right now."""
RECOMMENDED = {"isRecommended": "true"}

_FILTERS = (*MODEL_TEXTS, *MODEL_EXACT, *MODEL_FLAGS, *MODEL_TIMES)


@dataclass(frozen=True, slots=True)
class Choices:
    """The state of the library.

    Args:
        filters: those of the list of models, by the names that the API has for them.
        order: `sort-by` and `direction`.
    """

    question: str = ""
    tags: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, str] = ("", "")

    @property
    def address(self) -> str:
        """Where this is shown. Tags of one category are alternatives; all else has to hold together."""
        pairs = [("q", self.question), ("sort-by", self.order[0]), ("direction", self.order[1]), *self.filters.items()]
        pairs += [("tags", ",".join(tags)) for tags in _by_category(self.tags)]
        query = urlencode([(name, value) for name, value in pairs if value])
        return f"{LIBRARY}?{query}" if query else LIBRARY

    def with_tag_turned(self, tag: str) -> "Choices":
        """The same with a tag more, or less."""
        tags = tuple(each for each in self.tags if each != tag) if tag in self.tags else (*self.tags, tag)
        return replace(self, tags=tags)

    def has(self, filters: Mapping[str, str]) -> bool:
        """Whether all of these filters are chosen."""
        return all(self.filters.get(name, "").lower() == value for name, value in filters.items())

    def with_turned(self, filters: Mapping[str, str]) -> "Choices":
        """The same with these filters on, or off."""
        rest = {name: value for name, value in self.filters.items() if name not in filters}
        return replace(self, filters=rest if self.has(filters) else rest | dict(filters))

    def with_order(self, order: tuple[str, str]) -> "Choices":
        """The same, sorted otherwise."""
        return replace(self, order=order)

    def without_all(self) -> "Choices":
        """The question alone."""
        return Choices(self.question, order=self.order)

    def without_question(self) -> "Choices":
        """The filters alone."""
        return replace(self, question="")

    @property
    def narrow(self) -> bool:
        """Whether anything but the question narrows what is shown."""
        return bool(self.tags or self.filters)


def read_choices(request: Request, tags: Iterable[TagFilter]) -> Choices:
    """What the address of a page says."""
    named = dict.fromkeys(tag for each in tags for alternative in each.alternatives for tag in alternative)
    filters = {name: text for name in _FILTERS if (text := read_text(request, name))}
    order = (read_text(request, "sort-by"), read_text(request, "direction").lower())
    return Choices(read_text(request, "q"), tuple(named), filters, order)


def _by_category(tags: Iterable[str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for tag in tags:
        groups.setdefault(CATEGORY_OF.get(tag, f"own {tag}"), []).append(tag)
    return list(groups.values())


def shown_sets(email: str) -> dict[str, dict[str, str]]:
    """What the library offers to narrow it to, for somebody with this address; each is a set of filters."""
    return {"Ready to use": READY, "Recommended": RECOMMENDED, "Created by me": {"createdByEmail": email.lower()}}
