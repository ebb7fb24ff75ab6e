"""Claims items for an engine and records what became of them, each in one short transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock, milliseconds_between
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.quota_uses import Charge, credit
from modelyard.domain.jobs.status import MOST_ATTEMPTS, MOST_INTERRUPTIONS, UNFINISHED, ItemState, JobStatus
from modelyard.domain.jobs.tables import ItemOutput, Job, JobItem

_FATAL = f"the platform itself ended {MOST_INTERRUPTIONS} times while it worked on this item"


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """An item that this process may run now."""

    id: int
    job_id: str
    attempts: int
    queued_at: datetime
    explain: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """Items claimed together for one engine, all of which want an explanation, or none."""

    token: str
    started_at: datetime
    items: tuple[ClaimedItem, ...]


@dataclass(frozen=True, slots=True)
class FinishedItem:
    """The outcome of one claimed item: rows of its outputs, or an error. Times in milliseconds."""

    item: ClaimedItem
    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    fetch_ms: int = 0
    latency_ms: int = 0


async def claim_items(
    session: AsyncSession, clock: Clock, *, version_id: int, engine: str, owner: str, most: int
) -> Claim | None:
    """Takes the next items of a version; one that an engine died on before is taken alone."""
    first = await session.execute(
        select(JobItem.id, JobItem.attempts, Job.explain)
        .join(Job, Job.id == JobItem.job_id)
        .where(JobItem.version_id == version_id, JobItem.state == ItemState.QUEUED)
        .order_by(JobItem.priority, JobItem.id)
        .limit(most)
        .with_for_update(of=JobItem, skip_locked=True)  # what another pump is about to take is left to it
    )
    chosen = _take_together(first.all())
    if not chosen:
        return None
    now, token = clock.now(), new_uuid()
    taken = await session.execute(
        update(JobItem)
        .where(JobItem.id.in_(chosen), JobItem.state == ItemState.QUEUED)
        .values(
            state=ItemState.RUNNING,
            owner=owner,
            claim=token,
            engine=engine,
            started_at=now,
            attempts=JobItem.attempts + 1,
        )
        .returning(JobItem.id, JobItem.job_id, JobItem.attempts, JobItem.queued_at)
    )
    rows = sorted(taken.all())
    if not rows:
        return None
    await _mark_started(session, {row.job_id for row in rows}, now)
    explain = chosen[rows[0].id]
    return Claim(token, now, tuple(ClaimedItem(*row, explain) for row in rows))


def _take_together(candidates: Sequence[tuple[int, int, bool]]) -> dict[int, bool]:
    if not candidates:
        return {}
    first_id, first_attempts, explain = candidates[0]
    if first_attempts:
        return {first_id: explain}
    return {item: wants for item, attempts, wants in candidates if not attempts and wants == explain}


async def _mark_started(session: AsyncSession, job_ids: set[str], now: datetime) -> None:
    await session.execute(
        update(Job)
        .where(Job.id.in_(job_ids), Job.status == JobStatus.SUBMITTED)
        .values(status=JobStatus.IN_PROGRESS, started_at=now, updated_at=now)
    )


async def finish_items(session: AsyncSession, clock: Clock, claim: Claim, finished: Sequence[FinishedItem]) -> None:
    """Stores outcomes and counts them. An item that was cancelled or claimed anew meanwhile is left alone."""
    now = clock.now()
    counted: dict[str, list[FinishedItem]] = {}
    for outcome in finished:
        values = {
            "state": ItemState.FAILED if outcome.error else ItemState.SUCCESSFUL,
            "error": outcome.error,
            "finished_at": now,
            "fetch_ms": outcome.fetch_ms,
            "latency_ms": outcome.latency_ms,
        }
        if await _change_claimed(session, claim, outcome.item, values):
            if outcome.outputs:
                await session.execute(
                    insert(ItemOutput), [{"item_id": outcome.item.id, **output} for output in outcome.outputs]
                )
            counted.setdefault(outcome.item.job_id, []).append(outcome)
    await credit(
        session, [await _count(session, claim, job_id, outcomes, now) for job_id, outcomes in sorted(counted.items())]
    )


async def put_back_items(session: AsyncSession, clock: Clock, claim: Claim, reason: str) -> None:
    """Queues claimed items again after their engine died; those that were tried often enough fail."""
    worn_out = [item for item in claim.items if item.attempts >= MOST_ATTEMPTS]
    await finish_items(session, clock, claim, [FinishedItem(item, error=reason) for item in worn_out])
    for item in claim.items:
        if item not in worn_out:
            await _change_claimed(session, claim, item, {"state": ItemState.QUEUED, "owner": None, "claim": None})


async def give_back_items(session: AsyncSession, claim: Claim) -> None:
    """Queues claimed items again as if they had never been claimed."""
    for item in claim.items:
        values = {"state": ItemState.QUEUED, "owner": None, "claim": None, "attempts": item.attempts - 1}
        await _change_claimed(session, claim, item, values)


async def _change_claimed(session: AsyncSession, claim: Claim, item: ClaimedItem, values: dict[str, Any]) -> bool:
    changed = await session.execute(
        update(JobItem)
        .where(JobItem.id == item.id, JobItem.claim == claim.token, JobItem.state == ItemState.RUNNING)
        .values(**values)
        .returning(JobItem.id)
    )
    return changed.one_or_none() is not None


async def _count(
    session: AsyncSession, claim: Claim, job_id: str, outcomes: list[FinishedItem], now: datetime
) -> tuple[list[Charge], int]:
    """Returns what the job was charged, and how many of its items failed."""
    failed = sum(outcome.error is not None for outcome in outcomes)
    waited = sum(milliseconds_between(outcome.item.queued_at, claim.started_at) for outcome in outcomes)
    charges = await add_to_counts(
        session,
        job_id,
        now,
        completed=len(outcomes) - failed,
        failed=failed,
        queue_ms=waited,
        latency_ms=sum(outcome.latency_ms for outcome in outcomes),
    )
    return charges, failed


async def add_to_counts(
    session: AsyncSession,
    job_id: str,
    now: datetime,
    *,
    completed: int,
    failed: int,
    queue_ms: int = 0,
    latency_ms: int = 0,
) -> list[Charge]:
    """Adds outcomes to a job; with the last one the job is completed. Returns the quotas that it was charged to."""
    is_done = and_(Job.completed + Job.failed + (completed + failed) >= Job.total, Job.status.in_(UNFINISHED))
    counted = await session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(
            completed=Job.completed + completed,
            failed=Job.failed + failed,
            total_queue_ms=Job.total_queue_ms + queue_ms,
            total_latency_ms=Job.total_latency_ms + latency_ms,
            updated_at=now,
            finished_at=case((is_done, now), else_=Job.finished_at),
            status=case((is_done, JobStatus.COMPLETED), else_=Job.status),
        )
        .returning(Job.charges)
    )
    return [(quota, window) for quota, window in counted.scalar_one()]


async def fail_open_items(session: AsyncSession, clock: Clock, version_id: int, reason: str) -> int:
    """Gives the waiting items of a version a reason why they will not run; returns how many."""
    now = clock.now()
    failed = await session.execute(
        update(JobItem)
        .where(JobItem.version_id == version_id, JobItem.state == ItemState.QUEUED)
        .values(state=ItemState.FAILED, error=reason, finished_at=now)
        .returning(JobItem.job_id)
    )
    jobs = Counter(row.job_id for row in failed)
    await _count_failed(session, now, jobs)
    return jobs.total()


async def release_items(session: AsyncSession, clock: Clock, *, except_owner: str, owners: str = "") -> int:
    """Queues again what earlier processes were running, whose names begin so; right only where none can be alive.

    An item whose run our own process did not survive so often is held to be the cause, and fails.
    """
    lost = [JobItem.state == ItemState.RUNNING, JobItem.owner != except_owner]
    if owners:
        lost.append(JobItem.owner.startswith(owners, autoescape=True))
    now = clock.now()
    failed = await session.execute(
        update(JobItem)
        .where(*lost, JobItem.interruptions >= MOST_INTERRUPTIONS - 1)
        .values(state=ItemState.FAILED, error=_FATAL, finished_at=now)
        .returning(JobItem.job_id)
    )
    await _count_failed(session, now, Counter(row.job_id for row in failed))
    released = await session.execute(
        update(JobItem)
        .where(*lost)
        .values(
            state=ItemState.QUEUED,
            owner=None,
            claim=None,
            attempts=JobItem.attempts - 1,
            interruptions=JobItem.interruptions + 1,
        )
        .returning(JobItem.id)
    )
    return len(released.all())


async def _count_failed(session: AsyncSession, now: datetime, failed: Counter[str]) -> None:
    await credit(
        session,
        [
            (await add_to_counts(session, job_id, now, completed=0, failed=number), number)
            for job_id, number in failed.items()
        ],
    )
