"""Claims items for an engine and records what became of them, each in one short transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, bindparam, case, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock, milliseconds_between
from modelyard.core.database import ring_after_commit
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.quota_uses import Charge, credit
from modelyard.domain.jobs.lanes import (
    TOPIC,
    WaitingLane,
    lanes_in_turn,
    note_turns,
    share_out,
    waiting_lanes,
    wake_lanes,
)
from modelyard.domain.jobs.status import MOST_ATTEMPTS, MOST_INTERRUPTIONS, ErrorSide, ItemState, JobStatus
from modelyard.domain.jobs.tables import ItemOutput, Job, JobItem, JobLane

MOST_LANES = 8
"""From so many lanes one claim takes items."""
MOST_BYTES = 8_388_608
"""Of inputs in one claim, unless a single item has more."""
_FATAL = (
    f"the platform itself ended {MOST_INTERRUPTIONS} times while it worked on this item; see the server's log "
    "before you submit it again"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A queued item that may be claimed. A suspect may have killed an engine, or our own process."""

    id: int
    lane_id: int
    is_suspect: bool
    size: int
    explain: bool
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Fetches:
    """How many items whose inputs are elsewhere one lane may have claimed, and how many it has."""

    most_of_a_lane: int
    of_lanes: Mapping[int | None, int]


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """An item that this process may run now."""

    id: int
    job_id: str
    attempts: int
    queued_at: datetime
    explain: bool
    lane_id: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Items claimed together for one engine, in the order in which they are to run."""

    token: str
    started_at: datetime
    items: tuple[ClaimedItem, ...]


@dataclass(frozen=True, slots=True)
class FinishedItem:
    """The outcome of one claimed item: rows of its outputs, or an error. Times in milliseconds."""

    item: ClaimedItem
    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    error_side: ErrorSide | None = None
    fetch_ms: int = 0
    latency_ms: int = 0
    finished_at: datetime | None = None
    """None for the time at which it is stored."""


# Statements of every claim are made once: to put one together takes longer than to execute it.
_TAKE = (
    update(JobItem)
    .where(JobItem.id.in_(bindparam("items", expanding=True)), JobItem.state == ItemState.QUEUED)
    .values(
        state=ItemState.RUNNING,
        owner=bindparam("to"),
        claim=bindparam("token"),
        engine=bindparam("by"),
        started_at=bindparam("now"),
        attempts=JobItem.attempts + 1,
    )
    .returning(JobItem.id, JobItem.job_id, JobItem.attempts, JobItem.queued_at, JobItem.lane_id)
)
_FIRST_ITEMS = (
    select(
        *(JobItem.id, JobItem.attempts, JobItem.interruptions, JobItem.size, Job.explain),
        Job.sealed_source.is_not(None).label("is_elsewhere"),
    )
    .join(Job, Job.id == JobItem.job_id)
    .where(JobItem.lane_id == bindparam("lane"), JobItem.state == ItemState.QUEUED)
    .order_by(JobItem.id)
    .limit(bindparam("most"))
    .with_for_update(of=JobItem, skip_locked=True)  # what another pump is about to take is left to it
)
_MARK_STARTED = (
    update(Job)
    .where(Job.id.in_(bindparam("jobs", expanding=True)), Job.status == JobStatus.SUBMITTED)
    .values(status=JobStatus.IN_PROGRESS, started_at=bindparam("now"), updated_at=bindparam("now"))
)
_CLAIMED = (
    select(
        JobItem.id,
        JobItem.job_id,
        JobItem.attempts,
        JobItem.queued_at,
        Job.explain,
        JobItem.lane_id,
        JobItem.started_at,
    )
    .join(Job, Job.id == JobItem.job_id)
    .where(JobItem.state == ItemState.RUNNING, JobItem.claim == bindparam("token"))
    .order_by(JobItem.id)
)
_ADD_OUTPUTS = insert(ItemOutput.__table__)  # type: ignore[arg-type]
_HELD = (
    select(JobItem.id, JobItem.lane_id)
    .where(
        JobItem.id.in_(bindparam("items", expanding=True)),
        JobItem.claim == bindparam("token"),
        JobItem.state == ItemState.RUNNING,
    )
    .order_by(JobItem.id)
    .with_for_update()
)


async def claim_items(
    session: AsyncSession,
    clock: Clock,
    *,
    version_id: int,
    engine: str,
    owner: str,
    most: int,
    token: str | None = None,
    fetches: Fetches | None = None,
) -> Claim | None:
    """Takes the next items of a version, of all lanes in turn; one that may have killed an engine is taken alone.

    Args:
        token: of the claim, for who may have to look with `find_claim` what became of it.
        fetches: None to take items wherever their inputs are.
    """
    chosen = await _choose(session, version_id, most, fetches)
    if not chosen:
        return None
    now, token = clock.now(), token or new_uuid()
    taken = await (await session.connection()).execute(
        _TAKE, {"items": list(chosen), "to": owner, "token": token, "by": engine, "now": now}
    )
    rows = {row.id: row for row in taken}
    if not rows:
        return None
    await _mark_started(session, {row.job_id for row in rows.values()}, now)
    items = (
        ClaimedItem(row.id, row.job_id, row.attempts, row.queued_at, wants, row.lane_id)
        for item, wants in chosen.items()
        if (row := rows.get(item))
    )
    return Claim(token, now, tuple(items))


async def find_claim(session: AsyncSession, token: str) -> Claim | None:
    """What was claimed with this token and is still held: a commit may have happened although its answer was lost."""
    rows = (await (await session.connection()).execute(_CLAIMED, {"token": token})).all()
    if not rows:
        return None
    items = (ClaimedItem(row.id, row.job_id, row.attempts, row.queued_at, row.explain, row.lane_id) for row in rows)
    return Claim(token, rows[0].started_at, tuple(items))


async def _choose(session: AsyncSession, version_id: int, most: int, fetches: Fetches | None) -> dict[int, bool]:
    """Queued items, in the order in which they are to run, and whether each wants an explanation."""
    candidates: list[Candidate] = []
    empty = []
    asked = 0
    for lane, share in share_out(lanes_in_turn(await waiting_lanes(session, version_id)), most):
        found = await _first_items(session, lane, min(share, most - len(candidates)))
        if not found:
            empty.append(lane)
        fetchable = without_excess(found, fetches)
        candidates += fetchable
        asked += bool(fetchable or not found)  # who waits for what is being fetched takes no place of another's
        if len(candidates) >= most or asked == MOST_LANES:
            break
    taken = take_together(candidates)
    await note_turns(session, version_id, sorted({item.lane_id for item in taken}), empty)
    return {item.id: item.explain for item in taken}


async def _first_items(session: AsyncSession, lane: WaitingLane, most: int) -> list[Candidate]:
    found = await (await session.connection()).execute(_FIRST_ITEMS, {"lane": lane.id, "most": most})
    return [
        Candidate(
            row.id, lane.id, bool(row.attempts or row.interruptions), row.size, row.explain, bool(row.is_elsewhere)
        )
        for row in found
    ]


def without_excess(found: Sequence[Candidate], fetches: Fetches | None) -> list[Candidate]:
    """The first items of a lane, up to the one that is elsewhere and has to wait until others are fetched."""
    if fetches is None:
        return list(found)
    left = fetches.most_of_a_lane - fetches.of_lanes.get(found[0].lane_id, 0) if found else 0
    seen = accumulate(item.is_elsewhere for item in found)
    return [item for item, number in zip(found, seen, strict=True) if number <= max(0, left)]


def take_together(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The items to claim at once: a suspect only by itself, and not more bytes than belong in memory."""
    if not candidates or candidates[0].is_suspect:
        return list(candidates[:1])
    innocent = [item for item in candidates if not item.is_suspect]
    sizes = accumulate(item.size for item in innocent)
    return [item for item, size in zip(innocent, sizes, strict=True) if size <= MOST_BYTES] or innocent[:1]


async def _mark_started(session: AsyncSession, job_ids: set[str], now: datetime) -> None:
    await (await session.connection()).execute(_MARK_STARTED, {"jobs": sorted(job_ids), "now": now})


async def finish_items(session: AsyncSession, clock: Clock, claim: Claim, finished: Sequence[FinishedItem]) -> None:
    """Stores outcomes and counts them. An item that was cancelled or claimed anew meanwhile is left alone."""
    now = clock.now()
    held = await _still_held(session, claim, [outcome.item.id for outcome in finished])
    counting = [outcome for outcome in finished if outcome.item.id in held]
    if not counting:
        return
    await _change_each(
        session,
        [
            {
                "item": outcome.item.id,
                "state": ItemState.FAILED if outcome.error else ItemState.SUCCESSFUL,
                "error": outcome.error,
                "error_side": outcome.error_side,
                "finished_at": outcome.finished_at or now,
                "fetch_ms": outcome.fetch_ms,
                "latency_ms": outcome.latency_ms,
            }
            for outcome in counting
        ],
    )
    if outputs := [{"item_id": outcome.item.id, **output} for outcome in counting for output in outcome.outputs]:
        await (await session.connection()).execute(_ADD_OUTPUTS, outputs)
    await _count(session, claim, counting, now)


async def put_back_items(
    session: AsyncSession,
    clock: Clock,
    claim: Claim,
    items: Sequence[ClaimedItem],
    reason: str,
    side: ErrorSide = ErrorSide.MODEL,
) -> None:
    """Queues claimed items again after their engine died; those that were tried often enough fail.

    Args:
        side: whose mistake it was that they did not finish.
    """
    worn_out = [item for item in items if item.attempts >= MOST_ATTEMPTS]
    failed = [FinishedItem(item, error=reason, error_side=side) for item in worn_out]
    await finish_items(session, clock, claim, failed)
    await _queue_again(session, claim, {item.id: item.attempts for item in items if item not in worn_out})


async def give_back_items(session: AsyncSession, claim: Claim, items: Sequence[ClaimedItem]) -> None:
    """Queues claimed items again as if they had never been claimed."""
    await _queue_again(session, claim, {item.id: item.attempts - 1 for item in items})


async def _queue_again(session: AsyncSession, claim: Claim, attempts: Mapping[int, int]) -> None:
    held = await _still_held(session, claim, list(attempts))
    changes = [
        {"item": item, "state": ItemState.QUEUED, "owner": None, "claim": None, "attempts": attempts[item]}
        for item in held
    ]
    if changes:
        await _change_each(session, changes)
        await wake_lanes(session, held.values())
        ring_after_commit(session, TOPIC)


async def _still_held(session: AsyncSession, claim: Claim, item_ids: list[int]) -> dict[int, int | None]:
    """Those of the items that are still this claim's, and their lanes; locked until the end of the transaction."""
    rows = await (await session.connection()).execute(_HELD, {"items": item_ids, "token": claim.token})
    return {row.id: row.lane_id for row in rows}


async def _change_each(session: AsyncSession, changes: list[dict[str, Any]]) -> None:
    """One statement for many items: each has its number as `item`, and the same columns."""
    change = _change_of(*(name for name in changes[0] if name != "item"))
    await (await session.connection()).execute(change, changes)


@cache
def _change_of(*columns: str) -> Update:
    return update(JobItem).where(JobItem.id == bindparam("item")).values({name: bindparam(name) for name in columns})


async def _count(session: AsyncSession, claim: Claim, outcomes: Sequence[FinishedItem], now: datetime) -> None:
    sums: dict[str, JobCount] = {}
    for outcome in outcomes:
        counted = sums.setdefault(outcome.item.job_id, JobCount())
        counted.completed += outcome.error is None
        counted.failed += outcome.error is not None
        counted.queue_ms += milliseconds_between(outcome.item.queued_at, claim.started_at)
        counted.latency_ms += outcome.latency_ms
    await add_to_counts(session, sums, now)


@dataclass(slots=True)
class JobCount:
    """What is added to the counts of one job. Times in milliseconds."""

    completed: int = 0
    failed: int = 0
    queue_ms: int = 0
    latency_ms: int = 0


_ADDED: ColumnElement[int] = bindparam("completed") + bindparam("failed")
_IS_DONE = and_(Job.completed + Job.failed + _ADDED >= Job.total, ~Job.is_preparing, Job.finished_at.is_(None))
_ADD_TO_COUNTS = (
    update(Job)
    .where(Job.id == bindparam("job"))
    .values(
        completed=Job.completed + bindparam("completed"),
        failed=Job.failed + bindparam("failed"),
        total_queue_ms=Job.total_queue_ms + bindparam("queue_ms"),
        total_latency_ms=Job.total_latency_ms + bindparam("latency_ms"),
        updated_at=bindparam("now"),
        finished_at=case((_IS_DONE, bindparam("now")), else_=Job.finished_at),
        sealed_source=case((_IS_DONE, null()), else_=Job.sealed_source),
        status=case((_IS_DONE, JobStatus.COMPLETED), else_=Job.status),
    )
)


async def add_to_counts(session: AsyncSession, counts: Mapping[str, JobCount], now: datetime) -> None:
    """Adds outcomes to jobs, and credits what failed; a job that has them all is completed."""
    rows = [{"job": job, "now": now, **asdict(count)} for job, count in sorted(counts.items())]
    if rows:
        await (await session.connection()).execute(_ADD_TO_COUNTS, rows)
    failed = {job: count.failed for job, count in counts.items() if count.failed}
    if failed:
        charged = await session.execute(select(Job.id, Job.charges).where(Job.id.in_(failed)).order_by(Job.id))
        await credit(session, [(_charges(row.charges), failed[row.id]) for row in charged])


def _charges(stored: list[Any]) -> list[Charge]:
    return [(quota, window) for quota, window in stored]


async def fail_open_items(
    session: AsyncSession, clock: Clock, version_id: int, reason: str, side: ErrorSide = ErrorSide.PLATFORM
) -> int:
    """Gives the waiting items of a version a reason why they will not run; returns how many."""
    now = clock.now()
    lanes = select(JobLane.id).where(JobLane.version_id == version_id)
    failed = await session.execute(
        update(JobItem)
        .where(JobItem.lane_id.in_(lanes), JobItem.state == ItemState.QUEUED)
        .values(state=ItemState.FAILED, error=reason, error_side=side, finished_at=now)
        .returning(JobItem.job_id)
    )
    return await _count_failed(session, now, failed.scalars())


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
        .values(state=ItemState.FAILED, error=_FATAL, error_side=ErrorSide.PLATFORM, finished_at=now)
        .returning(JobItem.job_id)
    )
    await _count_failed(session, now, failed.scalars())
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
        .returning(JobItem.lane_id)
    )
    lanes = list(released.scalars())
    await wake_lanes(session, lanes)
    return len(lanes)


async def _count_failed(session: AsyncSession, now: datetime, failed: Iterable[str]) -> int:
    jobs = Counter(failed)
    await add_to_counts(session, {job: JobCount(failed=number) for job, number in jobs.items()}, now)
    return jobs.total()
