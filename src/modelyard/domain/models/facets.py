"""How many models have each predefined tag, among those that somebody may see and that fit other filters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.tables import Model
from modelyard.domain.models.tag_filters import TagFilter, has_tags
from modelyard.domain.models.tag_names import CATEGORIES, CATEGORY_OF, bit_of, bits_of
from modelyard.domain.models.visibility import visible_to

_TAGS = {category: [tag for tag, its in CATEGORY_OF.items() if its == category] for category in CATEGORIES}
_MASKS = {category: bits_of(tags) for category, tags in _TAGS.items()}
Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many models there are, and by category and identifier how many of them have each tag."""

    models: int
    counts: Mapping[str, Mapping[str, int]]


async def count_facets(
    session: AsyncSession, actor: Actor, conditions: Conditions, tags: Sequence[TagFilter] = ()
) -> Facets:
    """Counts within conditions over `Model`.

    Args:
        tags: further conditions, all of which hold. One that offers tags of a single category as alternatives does
            not narrow the counts of that category: they say what choosing another one of them would bring.
    """
    require(actor, Permission.READ_MODELS)
    in_bits = [each for each in tags if each.is_predefined]
    others = [has_tags(each) for each in tags if not each.is_predefined]
    tally = _Tally(in_bits)
    for bits, number in await _count_combinations(session, actor, [*conditions, *others]):
        tally.add(bits, number)
    return tally.facets()


async def _count_combinations(session: AsyncSession, actor: Actor, conditions: Conditions) -> Sequence[tuple[int, int]]:
    """How many models have each combination of predefined tags: of these there are few, so one pass is enough."""
    # Within CASE no index is sought for each of the reasons to see a model: one is walked, which is faster by far.
    is_visible = case((visible_to(actor), 1), else_=0) == 1
    query = select(Model.tag_bits, func.count()).where(is_visible, *conditions).group_by(Model.tag_bits)
    return [(bits, number) for bits, number in await session.execute(query)]


class _Tally:
    """Adds up combinations of predefined tags."""

    def __init__(self, wanted: Sequence[TagFilter]) -> None:
        self._wanted = [(each.category, [bits_of(alternative) for alternative in each.alternatives]) for each in wanted]
        self._models = 0
        self._counts = {category: Counter[int]() for category in CATEGORIES}

    def add(self, bits: int, number: int) -> None:
        """So many models have just these tags."""
        missed = [category for category, masks in self._wanted if not any(bits & mask == mask for mask in masks)]
        if not missed:
            self._models += number
        for category, counts in self._counts.items():
            if all(each == category for each in missed):
                left = bits & _MASKS[category]
                while left:
                    lowest = left & -left
                    counts[lowest] += number
                    left ^= lowest

    def facets(self) -> Facets:
        """What was added up, by the tags' identifiers."""
        return Facets(
            self._models,
            {category: {tag: self._counts[category][bit_of(tag)] for tag in tags} for category, tags in _TAGS.items()},
        )
