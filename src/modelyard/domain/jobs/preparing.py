"""The rows of a job whose items are being found out: nobody runs them until all are there, or none ever."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict
from modelyard.domain.accounts.quota_uses import charge
from modelyard.domain.engines import reconcile
from modelyard.domain.inputs.items import SubmittedItem
from modelyard.domain.jobs.lanes import TOPIC, join_lane
from modelyard.domain.jobs.status import ErrorSide, ItemState, JobStatus
from modelyard.domain.jobs.tables import ItemInput, Job, JobItem
from modelyard.domain.work.queue import ClaimedWork, enqueue, is_still_held

PREPARE = "job:prepare"

Prepared = tuple[SubmittedItem, Sequence[dict[str, Any]]]
"""An item and the rows of its inputs."""


class PreparationOver(Conflict):
    """The job has ended, or somebody else finds out its items now."""

    def __init__(self) -> None:
        super().__init__("The items of this job are not to be found out any more.")


def request_preparation(session: AsyncSession, clock: Clock, job: Job, *, is_high_priority: bool) -> None:
    """Lets a worker find out the items of a job that this transaction stores."""
    payload = {"job": job.id, "priority": 0 if is_high_priority else 1, "user": job.user_id}
    enqueue(session, clock, PREPARE, payload)


async def is_preparing(session: AsyncSession, work: ClaimedWork) -> bool:
    """Whether the job of the work still wants its items to be found out."""
    return bool(await session.scalar(select(Job.is_preparing).where(Job.id == work.payload["job"])))


async def hold_job(session: AsyncSession, work: ClaimedWork) -> Job:
    """The job of the work, locked, while this worker is to prepare it. Raises PreparationOver."""
    job = await session.get(Job, work.payload["job"], with_for_update=True, populate_existing=True)
    if job is None or not job.is_preparing or not await is_still_held(session, work):
        raise PreparationOver
    return job


async def begin_anew(session: AsyncSession, job: Job) -> None:
    """Removes what an earlier try has left."""
    items = select(JobItem.id).where(JobItem.job_id == job.id)
    await session.execute(delete(ItemInput).where(ItemInput.item_id.in_(items)))
    await session.execute(delete(JobItem).where(JobItem.job_id == job.id))


async def add_held(session: AsyncSession, job: Job, first_position: int, items: Sequence[Prepared]) -> None:
    """Adds items that wait for the others."""
    rows = [_row(job, first_position + number, item) for number, (item, _) in enumerate(items)]
    ids = await session.scalars(insert(JobItem).returning(JobItem.id, sort_by_parameter_order=True), rows)
    values = [{"item_id": item, **value} for item, (_, kept) in zip(ids, items, strict=True) for value in kept]
    if values:
        await session.execute(insert(ItemInput), values)


async def release(session: AsyncSession, clock: Clock, job: Job, *, priority: int, keeps_source: bool) -> None:
    """Queues all items, and charges them. Raises QuotaUsedUp."""
    now = clock.now()
    has_error: ColumnElement[bool] = JobItem.error.is_not(None)
    counts = select(func.count(), func.count(JobItem.error), func.coalesce(func.sum(JobItem.size), 0))
    total, failed, size = (await session.execute(counts.where(JobItem.job_id == job.id))).one()
    job.charges = await charge(session, clock, job, total - failed)
    lane = await join_lane(
        session, version_id=job.version_id, priority=priority, team_id=job.team_id, user_id=job.user_id
    )
    await session.execute(
        update(JobItem)
        .where(JobItem.job_id == job.id, JobItem.state == ItemState.HELD)
        .values(
            state=case((has_error, ItemState.FAILED), else_=ItemState.QUEUED),
            lane_id=lane,
            queued_at=now,
            finished_at=case((has_error, now), else_=None),
        )
        .execution_options(synchronize_session=False)
    )
    job.total, job.failed, job.input_bytes = total, failed, size
    job.is_preparing, job.updated_at = False, now
    if not keeps_source:
        job.sealed_source = None
    if total == failed:
        _end(clock, job)
    ring_after_commit(session, TOPIC)
    ring_after_commit(session, reconcile.TOPIC)


async def fail_whole(session: AsyncSession, clock: Clock, job: Job, *, name: str, error: str, side: ErrorSide) -> None:
    """Ends a job whose items cannot be found out: one failed item says why."""
    await begin_anew(session, job)
    job.total, job.failed, job.input_bytes = 1, 1, 0
    job.is_preparing = False
    _end(clock, job)
    failed = _row(job, 0, SubmittedItem(name, error=error))
    failed |= {"state": ItemState.FAILED, "error_side": side, "finished_at": job.finished_at}
    await session.execute(insert(JobItem), [failed])


def _end(clock: Clock, job: Job) -> None:
    job.status, job.finished_at, job.sealed_source = JobStatus.COMPLETED, clock.now(), None
    job.updated_at = clock.now()


def _row(job: Job, position: int, item: SubmittedItem) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "version_id": job.version_id,
        "position": position,
        "name": item.name,
        "state": ItemState.HELD,
        "attempts": 0,
        "error": item.error,
        "error_side": ErrorSide.CALLER if item.error else None,
        "size": item.size,
        "queued_at": job.submitted_at,
    }
