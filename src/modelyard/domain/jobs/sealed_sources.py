"""The credentials of jobs for the places where their inputs are, which are kept sealed until a job ends."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.sealing import Sealer
from modelyard.domain.jobs.tables import Job


async def seal_sources_again(session: AsyncSession, sealer: Sealer) -> int:
    """Seals them under the newest key; returns how many. Raises SecretKeyWrong."""
    rows = (await session.scalars(select(Job).where(Job.sealed_source.is_not(None)))).all()
    for row in rows:
        row.sealed_source = sealer.seal_again(row.sealed_source or "")
    return len(rows)
