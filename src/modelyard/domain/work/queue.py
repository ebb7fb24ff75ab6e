"""The queue: enqueue, claim, keep alive, finish, and give back what a dead worker held."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.domain.work.tables import Work, WorkState

TOPIC = "work"
LONGEST_WAIT = timedelta(minutes=10)
"""Nothing is put off for longer: what is due later than that was written down before somebody set the clock back."""


@dataclass(frozen=True, slots=True)
class ClaimedWork:
    """Work that this process may do now. `attempt` counts from 1."""

    id: int
    kind: str
    payload: dict[str, Any]
    attempt: int
    max_attempts: int

    @property
    def is_last_attempt(self) -> bool:
        """Whether a failure now is final."""
        return self.attempt >= self.max_attempts


def enqueue(session: AsyncSession, clock: Clock, kind: str, payload: dict[str, Any], *, max_attempts: int = 5) -> None:
    """Adds work in the caller's transaction; workers wake when it commits."""
    now = clock.now()
    session.add(
        Work(
            kind=kind,
            payload=payload,
            state=WorkState.QUEUED,
            run_at=now,
            attempts=0,
            max_attempts=max_attempts,
            owner=None,
            heartbeat_at=None,
            last_error=None,
            created_at=now,
            finished_at=None,
        )
    )
    ring_after_commit(session, TOPIC)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Work that is not to be claimed now: whose payload has one of these values under the key."""

    key: str
    values: Collection[str]


def _of(kinds: Collection[str] | None, skipped: Skipped | None = None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [] if kinds is None else [Work.kind.in_(kinds)]
    if skipped and skipped.values:
        found.append(func.coalesce(Work.payload[skipped.key].as_string(), "").not_in(skipped.values))
    return found


async def claim(
    session: AsyncSession,
    clock: Clock,
    owner: str,
    kinds: Collection[str] | None = None,
    skipped: Skipped | None = None,
) -> ClaimedWork | None:
    """Takes the oldest work of these kinds that is due; None when there is none or another worker was quicker."""
    now = clock.now()
    when = or_(Work.run_at <= now, Work.run_at > now + LONGEST_WAIT)
    is_due = (Work.state == WorkState.QUEUED, when, *_of(kinds, skipped))
    oldest = select(Work.id).where(*is_due).order_by(Work.run_at, Work.id).with_for_update(skip_locked=True)
    taken = await session.execute(
        update(Work)
        .where(Work.id == oldest.limit(1).scalar_subquery(), Work.state == WorkState.QUEUED)
        .values(state=WorkState.RUNNING, owner=owner, heartbeat_at=now, attempts=Work.attempts + 1)
        .returning(Work.id, Work.kind, Work.payload, Work.attempts, Work.max_attempts)
    )
    row = taken.one_or_none()
    return ClaimedWork(*row) if row else None


async def seconds_until_due(
    session: AsyncSession, clock: Clock, kinds: Collection[str] | None = None, skipped: Skipped | None = None
) -> float | None:
    """How long until the next queued work of these kinds is due; None when nothing is queued."""
    is_queued = (Work.state == WorkState.QUEUED, *_of(kinds, skipped))
    due: datetime | None = await session.scalar(select(Work.run_at).where(*is_queued).order_by(Work.run_at).limit(1))
    if due is None:
        return None
    wait = due - clock.now()
    return 0.0 if wait > LONGEST_WAIT else max(0.0, wait.total_seconds())


async def keep_alive(session: AsyncSession, clock: Clock, owner: str, work_ids: Sequence[int]) -> None:
    """Says that the owner still works on these."""
    await session.execute(
        update(Work)
        .where(Work.id.in_(work_ids), Work.owner == owner, Work.state == WorkState.RUNNING)
        .values(heartbeat_at=clock.now())
    )


async def finish(session: AsyncSession, clock: Clock, work: ClaimedWork, owner: str, error: str | None) -> bool:
    """Records the end of work; False when it was given to somebody else meanwhile."""
    done = await session.execute(
        update(Work)
        .where(Work.id == work.id, Work.owner == owner, Work.state == WorkState.RUNNING)
        .values(
            state=WorkState.DONE if error is None else WorkState.FAILED,
            finished_at=clock.now(),
            last_error=error,
            owner=None,
        )
        .returning(Work.id)
    )
    return done.one_or_none() is not None


async def put_back(
    session: AsyncSession, clock: Clock, work: ClaimedWork, owner: str, error: str, *, delay: timedelta, counts: bool
) -> None:
    """Queues work again that is to be tried once more after a delay.

    Args:
        counts: whether this was an attempt; else it is as if the work had not been claimed.
    """
    await session.execute(
        update(Work)
        .where(Work.id == work.id, Work.owner == owner, Work.state == WorkState.RUNNING)
        .values(
            state=WorkState.QUEUED,
            owner=None,
            last_error=error,
            run_at=clock.now() + delay,
            attempts=work.attempt if counts else work.attempt - 1,
        )
    )
    ring_after_commit(session, TOPIC)  # so that workers, which sleep, learn when it is due


async def release_lost(
    session: AsyncSession,
    clock: Clock,
    *,
    silent_for: timedelta | None,
    kinds: Collection[str] | None = None,
    owners: str = "",
) -> int:
    """Queues again what is held by workers that have been silent for so long, None: by any; returns how many.

    Args:
        owners: what their names begin with.
    """
    is_lost = _is_lost(clock, silent_for, kinds)
    if owners:
        is_lost.append(Work.owner.startswith(owners, autoescape=True))
    lost = await session.execute(
        update(Work).where(*is_lost).values(state=WorkState.QUEUED, owner=None, run_at=clock.now()).returning(Work.id)
    )
    released = len(lost.all())
    if released:
        ring_after_commit(session, TOPIC)
    return released


def _is_lost(clock: Clock, silent_for: timedelta | None, kinds: Collection[str] | None) -> list[ColumnElement[bool]]:
    is_silent = [] if silent_for is None else [Work.heartbeat_at <= clock.now() - silent_for]
    return [Work.state == WorkState.RUNNING, *_of(kinds), *is_silent]


def _is_old(clock: Clock, older_than: timedelta) -> list[ColumnElement[bool]]:
    return [Work.state.in_([WorkState.DONE, WorkState.FAILED]), Work.finished_at < clock.now() - older_than]


async def is_tidy(
    session: AsyncSession, clock: Clock, *, silent_for: timedelta, kinds: Collection[str], older_than: timedelta
) -> bool:
    """Whether `release_lost` and `forget_finished` would find nothing; who only asks keeps nobody from writing."""
    looks = _is_lost(clock, silent_for, kinds), _is_old(clock, older_than)
    found = select(or_(*(select(Work.id).where(*look).exists() for look in looks)))
    return not await session.scalar(found)


async def is_still_held(session: AsyncSession, work: ClaimedWork) -> bool:
    """Whether nobody else has been given this work meanwhile, nor can be until the end of the transaction."""
    held = select(Work.id).where(Work.id == work.id, Work.state == WorkState.RUNNING, Work.attempts == work.attempt)
    return await session.scalar(held.with_for_update()) is not None


async def forget_finished(session: AsyncSession, clock: Clock, *, older_than: timedelta, most: int = 1000) -> None:
    """Deletes finished work that nobody will ask about any more, so much at once that others can write in between."""
    old = (await session.scalars(select(Work.id).where(*_is_old(clock, older_than)).limit(most))).all()
    if old:
        await session.execute(delete(Work).where(Work.id.in_(old)))
