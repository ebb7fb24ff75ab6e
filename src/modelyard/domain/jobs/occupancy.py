"""What runs and what waits for every version that is deployed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from modelyard.core.clock import Clock
from modelyard.core.listing import one_page, paged
from modelyard.core.paging import Found, Page
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.engines.situations import read_situations
from modelyard.domain.engines.tables import LIVE, Engine, EngineState, Purpose, Situation
from modelyard.domain.jobs.status import ItemState, JobStatus
from modelyard.domain.jobs.tables import Job, JobItem, JobLane
from modelyard.domain.models.tables import Model, Version, VersionStatus
from modelyard.domain.models.visibility import visible_to

RECENTLY = timedelta(minutes=5)
"""An engine that failed counts for so long."""
MOST_AT_WORK = 5_000
"""Of so many versions that have engines or work at once, pages show them."""


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
    engines = await _engines(session, clock)
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


async def list_occupancy(
    session: AsyncSession, clock: Clock, actor: Actor, page: Page, *, search: str = "", is_busy_only: bool = True
) -> Found[Occupancy]:
    """Pages of the same with their models, for people: those that have or want engines, or else all active ones.

    Args:
        search: a part of the names of their models.
    """
    require(actor, Permission.READ_ENGINES)
    engines = await _engines(session, clock)
    items, jobs = await _waiting_items(session), await _waiting_jobs(session)
    situations = await read_situations(session)
    at_work = {*engines, *items, *jobs, *situations, *(await _kept_warm(session) if is_busy_only else ())}
    wanted: ColumnElement[bool] = Version.id.in_(sorted(at_work)[:MOST_AT_WORK])
    if not is_busy_only:
        wanted = or_(Version.status == VersionStatus.ACTIVE, wanted)
    models = select(Model.id).where(visible_to(actor))
    visible: ColumnElement[bool]
    if search:
        visible = Version.model_id.in_(models.where(Model.name_key.contains(search.casefold(), autoescape=True)))
    else:  # asked of each version that is looked at: together, all models that are visible would be collected first
        visible = models.where(Model.id == Version.model_id).correlate(Version).exists()
    query = select(Version).options(selectinload(Version.model)).where(wanted, visible).order_by(Version.id)
    rows = (await session.scalars(paged(query, page))).all()
    entries = [
        Occupancy(row, engines[row.id], items.get(row.id, 0), jobs.get(row.id, 0), situations.get(row.id))
        for row in rows
    ]
    return one_page(entries, page)


async def read_version_occupancy(session: AsyncSession, clock: Clock, actor: Actor, version: Version) -> Occupancy:
    """The same of one version that was found for the actor."""
    require(actor, Permission.READ_ENGINES)
    engines = await _engines(session, clock, version.id)
    lanes = select(JobLane.id).where(JobLane.version_id == version.id)
    waiting = select(func.count()).where(JobItem.state == ItemState.QUEUED, JobItem.lane_id.in_(lanes))
    jobs = select(func.count()).where(Job.version_id == version.id, Job.status == JobStatus.SUBMITTED)
    counts = [await session.scalar(query) or 0 for query in (waiting, jobs)]
    return Occupancy(version, engines[version.id], counts[0], counts[1], await session.get(Situation, version.id))


async def _kept_warm(session: AsyncSession) -> Sequence[int]:
    """Looked up by themselves: within a condition with others, all versions would be looked at."""
    kept = select(Version.id).where(Version.minimum_engines > 0, Version.status == VersionStatus.ACTIVE)
    return (await session.scalars(kept.limit(MOST_AT_WORK))).all()


async def _engines(
    session: AsyncSession, clock: Clock, version_id: int | None = None
) -> defaultdict[int, list[Engine]]:
    """Those that serve, and that failed lately, oldest first; of one version, or of all."""
    engines: defaultdict[int, list[Engine]] = defaultdict(list)
    recent = (Engine.state == EngineState.FAILED) & (Engine.ended_at >= clock.now() - RECENTLY)
    serving = select(Engine).where(Engine.purpose == Purpose.SERVE, or_(Engine.state.in_(LIVE), recent))
    if version_id is not None:
        serving = serving.where(Engine.version_id == version_id)
    for engine in await session.scalars(serving.order_by(Engine.created_at)):
        engines[engine.version_id].append(engine)
    return engines


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
