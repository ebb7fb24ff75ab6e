"""How many jobs there were."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.listing import portions
from modelyard.domain.jobs.tables import Job


async def count_jobs_of_keys(session: AsyncSession, prefixes: Sequence[str]) -> dict[str, int]:
    """How many jobs were submitted with each of these keys; keys without any are left out."""
    return await _count(session, Job.key_prefix, prefixes)


async def count_jobs_of_users(session: AsyncSession, user_ids: Sequence[str]) -> dict[str, int]:
    """How many jobs each of these has submitted, with whatever key; those without any are left out."""
    return await _count(session, Job.user_id, user_ids)


async def _count(session: AsyncSession, column: Any, values: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for some in portions(values):
        query = select(column, func.count()).where(column.in_(some)).group_by(column)
        counts |= {value: number for value, number in await session.execute(query)}  # noqa: C416 - rows are no pairs
    return counts
