"""Transactions: one writer at a time, all or nothing, and bells only for what was committed."""

import asyncio
import gc
import weakref
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, InternalError, StatementError

from modelyard.core.database import Database, ring_after_commit
from modelyard.domain.accounts.tables import Account

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


def _account(name: str, at: datetime = NOW) -> Account:
    return Account(id=name, name=name, created_at=at)


async def _names(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(Account.name)))


async def test_write_commits(database: Database) -> None:
    async with database.write() as session:
        session.add(_account("new"))

    assert "new" in await _names(database)


async def test_exception_rolls_back_everything(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.write() as session:
            session.add(_account("lost"))
            await session.flush()
            raise ZeroDivisionError

    assert "lost" not in await _names(database)


async def test_cancelled_writer_rolls_back_and_lets_others_write(database: Database) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with database.write() as session:
            session.add(_account("lost"))
            await session.flush()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.write() as session:
        session.add(_account("kept"))

    assert {"kept"} == await _names(database) & {"kept", "lost"}


async def test_reader_changes_nothing(database: Database) -> None:
    refusal = nullcontext() if database.is_sqlite else pytest.raises(InternalError, match="read-only")
    async with database.read() as session:
        session.add(_account("lost"))
        with refusal:
            await session.flush()

    assert "lost" not in await _names(database)


async def test_writers_wait_for_each_other(database: Database) -> None:
    async def count_up() -> None:
        async with database.write() as session:
            number = await session.scalar(select(func.count()).select_from(Account))
            await asyncio.sleep(0)
            session.add(_account(f"number {number}"))

    before = len(await _names(database))
    await asyncio.gather(*(count_up() for _ in range(10)))

    assert len(await _names(database)) == before + 10


async def test_readers_go_on_while_somebody_writes(database: Database) -> None:
    async with database.write() as session:
        session.add(_account("half written"))
        await session.flush()

        assert "half written" not in await _names(database)


async def test_second_process_sees_a_commit(database: Database) -> None:
    other = Database(database.engine.url)
    async with database.write() as session:
        session.add(_account("new"))

    assert "new" in await _names(other)
    await other.close()


async def test_bell_rings_after_the_commit_only(database: Database) -> None:
    bell = database.bells.listen("topic")
    async with database.write() as session:
        ring_after_commit(session, "topic")
        rang_early = await bell.wait(0.01)

    assert not rang_early
    assert await bell.wait(0.01)


async def test_bell_stays_silent_after_a_rollback(database: Database) -> None:
    bell = database.bells.listen("topic")
    with pytest.raises(IntegrityError):  # noqa: PT012
        async with database.write() as session:
            ring_after_commit(session, "topic")
            session.add_all([_account("twice"), _account("twice", NOW + timedelta(days=1))])

    assert not await bell.wait(0.01)


async def test_ring_while_nobody_waits_is_remembered_once(database: Database) -> None:
    bell = database.bells.listen("topic")
    database.bells.ring("topic")
    database.bells.ring("topic")

    assert await bell.wait(0.01)
    assert not await bell.wait(0.01)


async def test_bell_that_nobody_holds_is_gone(database: Database) -> None:
    """Parts of the platform begin anew when something fails, each time with bells of their own."""
    bell = weakref.ref(database.bells.listen("topic"))
    gc.collect()
    database.bells.ring("topic")

    assert bell() is None


async def test_bell_for_several_topics(database: Database) -> None:
    bell = database.bells.listen("one", "other")
    for topic in ("one", "other"):
        database.bells.ring(topic)
        assert await bell.wait(0.01)


async def test_times_come_back_in_utc(database: Database) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    async with database.write() as session:
        session.add(_account("far", elsewhere))

    async with database.read() as session:
        found = await session.get(Account, "far")
    assert found is not None
    assert found.created_at == NOW
    assert found.created_at.utcoffset() == timedelta(0)


async def test_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        async with database.write() as session:
            session.add(_account("naive", NOW.replace(tzinfo=None)))
