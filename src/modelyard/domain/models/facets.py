"""How many models have each predefined tag, among those that somebody may see and that fit other filters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.tables import Model
from modelyard.domain.models.tag_filters import TagFilter, has_tags
from modelyard.domain.models.tag_names import CATEGORIES, CATEGORY_OF, bit_of
from modelyard.domain.models.visibility import visible_to

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
    everywhere = [*conditions, *map(has_tags, tags)]
    all_bits = await _count_bits(session, actor, everywhere)
    counts = {}
    for category in CATEGORIES:
        others = [has_tags(each) for each in tags if each.category != category]
        is_narrowed = len(others) < len(tags)
        bits = await _count_bits(session, actor, [*conditions, *others]) if is_narrowed else all_bits
        counts[category] = {
            tag: sum(number for found, number in bits.items() if found & bit_of(tag))
            for tag, its_category in CATEGORY_OF.items()
            if its_category == category
        }
    return Facets(sum(all_bits.values()), counts)


async def _count_bits(session: AsyncSession, actor: Actor, conditions: Conditions) -> Counter[int]:
    """How many models have each combination of predefined tags: of these there are few, so one pass is enough."""
    number = func.count().label("number")
    query = select(Model.tag_bits, number).where(visible_to(actor), *conditions).group_by(Model.tag_bits)
    return Counter({row.tag_bits: row.number for row in await session.execute(query)})
