"""Each job is counted once, on the day on which it ended."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.monitoring import daily_use
from modelyard.domain.monitoring.daily_use import UseBook, read_mark
from modelyard.domain.monitoring.tables import UseDay
from tests.cast import Cast
from tests.domain.monitoring.past import add_job, add_model_with_jobs
from tests.manual_clock import ManualClock

DAY = timedelta(days=1)


async def _days(database: Database) -> list[tuple[str, int, int, int, int, int]]:
    async with database.read() as session:
        rows = await session.scalars(select(UseDay).order_by(UseDay.day, UseDay.user_id))
        return [(row.day, row.jobs, row.predictions, row.failures, row.input_bytes, row.elapsed_ms) for row in rows]


async def test_jobs_are_added_up_by_day(database: Database, clock: ManualClock, cast: Cast) -> None:
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    times = (midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=1))
    model_id = await add_model_with_jobs(database, cast.alice, *times)
    await add_job(database, cast.alice, model_id, created_at=midnight)  # under way
    book = UseBook(database, clock)

    assert await book.count_some()
    assert not await book.count_some()

    assert await _days(database) == [("2026-01-01", 1, 3, 1, 1000, 50), ("2026-01-02", 2, 6, 2, 2000, 100)]
    await add_job(database, cast.alice, model_id, finished_at=clock.now())
    assert not await book.count_some()  # it may not be known to all yet
    await clock.advance(61)
    assert await book.count_some()
    assert (await _days(database))[1] == ("2026-01-02", 3, 9, 3, 3000, 150)


async def test_many_jobs_are_counted_in_steps(
    database: Database, clock: ManualClock, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily_use, "JOBS_AT_ONCE", 2)
    at = clock.now() - DAY
    await add_model_with_jobs(database, cast.alice, *[at] * 5, *(at + timedelta(hours=hour) for hour in range(1, 6)))
    book = UseBook(database, clock)

    steps = 0
    while await book.count_some():
        steps += 1

    assert steps >= 3
    assert sum(row[1] for row in await _days(database)) == 10


async def test_two_processes_count_together(database: Database, clock: ManualClock, cast: Cast) -> None:
    await add_model_with_jobs(database, cast.alice, clock.now() - DAY)
    async with database.read() as session:
        assert await read_mark(session) is None

    for book in (UseBook(database, clock), UseBook(database, clock)):
        await book.count_some()

    assert [row[1] for row in await _days(database)] == [1]


async def test_old_days_are_forgotten(database: Database, clock: ManualClock, cast: Cast) -> None:
    await add_model_with_jobs(database, cast.alice, clock.now() - 10 * DAY, clock.now() - DAY)
    book = UseBook(database, clock, days=5)

    await book.count_some()
    await book.forget()

    assert [row[0] for row in await _days(database)] == ["2026-01-01"]
