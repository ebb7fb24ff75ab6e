"""What runs and what waits for every version that is deployed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.engines.situations import read_situations
from modelyard.domain.engines.tables import LIVE, Engine, EngineState, Purpose, Situation
from modelyard.domain.jobs.status import ItemState, JobStatus
from modelyard.domain.jobs.tables import Job, JobItem, JobLane
from modelyard.domain.models.tables import Version, VersionStatus
from modelyard.domain.models.visibility import visible_to

RECENTLY = timedelta(minutes=5)
"""An engine that failed counts for so long."""


@dataclass(frozen=True, slots=True)
class Occupancy:
    """One deployed version: its engines, oldest first, and the items and jobs that wait."""

    version: Version
    engines: Sequence[Engine]
    waiting_items: int
    waiting_jobs: int
    situation: Situation | None = None
    """What is in the way of its items."""

    def count(self, state: EngineState) -> int:
        """How many of the engines are in a state."""
        return sum(engine.state == state for engine in self.engines)


async def read_occupancy(session: AsyncSession, clock: Clock, actor: Actor) -> list[Occupancy]:
    """Every version that the actor may see and that is active or has engines, by model and number."""
    require(actor, Permission.READ_ENGINES)
    engines: defaultdict[int, list[Engine]] = defaultdict(list)
    recent = (Engine.state == EngineState.FAILED) & (Engine.ended_at >= clock.now() - RECENTLY)
    serving = select(Engine).where(Engine.purpose == Purpose.SERVE, or_(Engine.state.in_(LIVE), recent))
    for engine in await session.scalars(serving.order_by(Engine.created_at)):
        engines[engine.version_id].append(engine)
    versions = await session.scalars(
        select(Version)
        .join(Version.model)
        .where(visible_to(actor), or_(Version.status == VersionStatus.ACTIVE, Version.id.in_(engines)))
        .order_by(Version.model_id, Version.id)
    )
    items, jobs = await _waiting_items(session), await _waiting_jobs(session)
    situations = await read_situations(session)
    return [
        Occupancy(row, engines[row.id], items.get(row.id, 0), jobs.get(row.id, 0), situations.get(row.id))
        for row in versions
    ]


async def _waiting_items(session: AsyncSession) -> dict[int, int]:
    query = select(JobLane.version_id, func.count()).join(JobItem, JobItem.lane_id == JobLane.id)
    query = query.where(JobItem.state == ItemState.QUEUED).group_by(JobLane.version_id)
    return {row[0]: row[1] for row in await session.execute(query)}


async def _waiting_jobs(session: AsyncSession) -> dict[int, int]:
    query = select(Job.version_id, func.count()).where(Job.status == JobStatus.SUBMITTED)
    return {row[0]: row[1] for row in await session.execute(query.group_by(Job.version_id))}


async def read_reason_to_wait(session: AsyncSession, job: Job) -> str | None:
    """What is in the way of a job; None when nothing is, or nothing waits."""
    if job.status not in (JobStatus.SUBMITTED, JobStatus.IN_PROGRESS):
        return None
    if job.is_preparing:
        return "its items are being listed"
    situation = await session.get(Situation, job.version_id)
    return situation.reason if situation else None
