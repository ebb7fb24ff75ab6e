"""How many jobs there were."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.jobs.tables import Job

_AT_ONCE = 10_000
"""Databases limit the values of one statement."""


async def count_jobs_of_keys(session: AsyncSession, prefixes: Sequence[str]) -> dict[str, int]:
    """How many jobs were submitted with each of these keys; keys without any are left out."""
    counts: dict[str, int] = {}
    for start in range(0, len(prefixes), _AT_ONCE):
        some = prefixes[start : start + _AT_ONCE]
        query = select(Job.key_prefix, func.count()).where(Job.key_prefix.in_(some)).group_by(Job.key_prefix)
        counts |= {prefix: number for prefix, number in await session.execute(query)}  # noqa: C416 - rows are no pairs
    return counts
