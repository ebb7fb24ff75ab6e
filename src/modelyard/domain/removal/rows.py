"""Deletes rows with every row that refers to them, whatever table it is in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Base

AT_ONCE = 500
"""Databases take only so many values in one statement."""


async def delete_with_dependents(session: AsyncSession, table: Table, keys: Sequence[Any]) -> None:
    """Deletes the rows with these primary keys of one column, those that refer to them before."""
    for start in range(0, len(keys), AT_ONCE):
        await _delete(session, table, keys[start : start + AT_ONCE])


async def _delete(session: AsyncSession, table: Table, keys: Sequence[Any]) -> None:
    (primary,) = table.primary_key.columns
    for other in Base.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column is not primary:
                continue
            if len(other.primary_key.columns) == 1:
                (theirs,) = other.primary_key.columns
                dependents = list(await session.scalars(select(theirs).where(key.parent.in_(keys))))
                await delete_with_dependents(session, other, dependents)
            else:  # nothing refers to a row that has no name of its own
                await session.execute(delete(other).where(key.parent.in_(keys)))
    await session.execute(delete(table).where(primary.in_(keys)))
