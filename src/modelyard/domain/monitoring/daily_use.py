"""Adds up jobs that have ended by day, so that nobody has to look at all of them to know how much was done."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.dialects import is_sqlite
from modelyard.core.upserts import insert_into
from modelyard.domain.jobs.tables import Job
from modelyard.domain.monitoring.tables import UseDay, UseMark

SECONDS_BETWEEN_LOOKS = 15.0
SECONDS_BETWEEN_STEPS = 0.05
"""Others want to write as well."""
GRACE = timedelta(minutes=1)
"""No transaction that ends jobs takes so long: what ended before this is known to all."""
JOBS_AT_ONCE = 1_000
_THE_ONLY = 1
_KEY = ("day", "version_id", "team_id", "user_id", "project_id", "key_prefix")
_SUMS = ("jobs", "predictions", "failures", "input_bytes", "elapsed_ms")


class UseBook:
    """Counts each job once, some time after its end; the mark moves in the same transaction as the sums.

    Args:
        days: for how long sums are kept; 0: for ever.
    """

    def __init__(self, database: Database, clock: Clock, days: int = 0) -> None:
        self._database = database
        self._clock = clock
        self._days = days

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            while await self.count_some():
                await self._clock.sleep(SECONDS_BETWEEN_STEPS)
            await self.forget()
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def count_some(self) -> bool:
        """Counts the next jobs; False when there are none."""
        async with self._database.read() as session:
            mark = await read_mark(session)
            until = await _end_of_step(session, mark, self._clock.now() - GRACE)
        if until is None:
            return False
        async with self._database.write() as session:
            if await read_mark(session) == mark:  # else another process was quicker
                await _add(session, mark, until)
        return True

    async def forget(self) -> None:
        """Deletes days that are kept no longer."""
        if not self._days:
            return
        first = (self._clock.now() - timedelta(days=self._days)).date().isoformat()
        async with self._database.read() as session:
            if await session.scalar(select(UseDay.day).where(UseDay.day < first).limit(1)) is None:
                return
        async with self._database.write() as session:
            await session.execute(delete(UseDay).where(UseDay.day < first))


async def read_mark(session: AsyncSession) -> datetime | None:
    """Until when ended jobs are counted; None when none is yet."""
    return await session.scalar(select(UseMark.counted_until).where(UseMark.id == _THE_ONLY))


def day_of(session: AsyncSession, column: Any) -> ColumnElement[str]:
    """The day of a time in UTC as text; each database has a function of its own for it."""
    if is_sqlite(session):
        return func.date(column)
    return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD")


def ended_since(mark: datetime | None) -> list[ColumnElement[bool]]:
    """Which jobs have ended, and are not counted yet."""
    return [Job.finished_at.is_not(None) if mark is None else Job.finished_at >= mark]


async def _end_of_step(session: AsyncSession, mark: datetime | None, limit: datetime) -> datetime | None:
    """Where a step ends that takes about JOBS_AT_ONCE; None when there is nothing to count."""
    ended = select(Job.finished_at).where(*ended_since(mark), Job.finished_at < limit).order_by(Job.finished_at)
    first = await session.scalar(ended.limit(1))
    if first is None:
        return None
    last = await session.scalar(ended.offset(JOBS_AT_ONCE).limit(1))
    if last is None:
        return limit
    return max(last, min(limit, first + timedelta(microseconds=1)))  # many may end at the same time


async def _add(session: AsyncSession, mark: datetime | None, until: datetime) -> None:
    names = (*_KEY, "account_id", "model_id", "model_name", "version", *_SUMS)
    found = await session.execute(_sums_of_jobs(session, mark, until))
    if rows := [dict(zip(names, row, strict=True)) for row in found]:
        adding = insert_into(session, UseDay)
        more = {name: getattr(UseDay, name) + adding.excluded[name] for name in _SUMS}
        named = {"model_name": adding.excluded.model_name}
        await (await session.connection()).execute(
            adding.on_conflict_do_update(index_elements=_KEY, set_=more | named), rows
        )
    marking = insert_into(session, UseMark).values(id=_THE_ONLY, counted_until=until)
    await session.execute(
        marking.on_conflict_do_update(index_elements=["id"], set_={"counted_until": marking.excluded.counted_until})
    )


def _sums_of_jobs(session: AsyncSession, mark: datetime | None, until: datetime) -> Any:
    key = (
        day_of(session, Job.finished_at),
        Job.version_id,
        Job.team_id,
        Job.user_id,
        func.coalesce(Job.project_id, ""),
        Job.key_prefix,
    )
    sums = (Job.completed, Job.failed, Job.input_bytes, Job.total_latency_ms)
    named = (Job.account_id, Job.model_id, Job.model_name, Job.version)
    return (
        select(*key, *map(func.max, named), func.count(), *map(_whole_sum, sums))
        .where(*ended_since(mark), Job.finished_at < until)
        .group_by(*key)
    )


def _whole_sum(column: Any) -> ColumnElement[int]:
    """PostgreSQL adds large numbers up to decimals."""
    return func.sum(column).cast(UseDay.jobs.type)
