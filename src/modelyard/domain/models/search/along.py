"""Finds the next models of an order that have very frequent words: along the order, and not all of them first."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.models.search.order import Position, Sorting, behind, columns_of
from modelyard.domain.models.search.store import Field, rows_with
from modelyard.domain.models.search.tables import SearchRow
from modelyard.domain.models.tables import Model

MOST_LOOKED_THROUGH = 1_000
"""Where a tenth of the models has the words, there are far more than a page of them among so many."""


async def find_along(
    session: AsyncSession,
    terms: Sequence[str],
    scope: Sequence[ColumnElement[bool]],
    sorting: Sorting,
    after: Position | None,
) -> list[str]:
    """The identifiers of models that have the words, among the next ones of the order, which an index gives."""
    query = select(Model.id).where(*scope, *([behind(after)] if after else [])).order_by(*columns_of(sorting))
    following = list(await session.scalars(query.limit(MOST_LOOKED_THROUGH)))
    # A sum, so that no database begins with all that have the words: it would look up the model of each.
    has_words = (SearchRow.id + 0).in_(rows_with(session, terms, tuple(Field)))
    found = set(await session.scalars(select(SearchRow.model_id).where(SearchRow.model_id.in_(following), has_words)))
    return [model_id for model_id in following if model_id in found]
