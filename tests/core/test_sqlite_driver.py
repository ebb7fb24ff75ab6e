"""The driver goes to its thread once for each statement, and gives what SQLite gives."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from sqlite3 import IntegrityError
from typing import Any

import pytest

from modelyard.core.sqlite_driver import BEGIN_TO_READ, BEGIN_TO_WRITE, OneTripConnection, open_connection


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[OneTripConnection]:
    opened = open_connection(tmp_path / "test.db", isolation_level=None)
    async with opened:
        await opened.cursor().execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
        yield opened


async def test_statement_and_its_rows_are_one_trip(
    connection: OneTripConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[str] = []
    go = connection.run

    async def counted(sql: str, *arguments: Any, **options: Any) -> None:
        trips.append(sql)
        await go(sql, *arguments, **options)

    monkeypatch.setattr(connection, "run", counted)
    cursor = connection.cursor()
    await cursor.execute("SELECT 1 AS one UNION SELECT 2")
    rows = await cursor.fetchall()
    await cursor.close()

    assert rows == [(1,), (2,)]
    assert cursor.description[0][0] == "one"
    assert len(trips) == 1


async def test_counts_and_identifiers(connection: OneTripConnection) -> None:
    cursor = connection.cursor()

    await cursor.executemany("INSERT INTO thing (name) VALUES (?)", [("a",), ("b",)])
    assert cursor.rowcount == 2
    await cursor.execute("INSERT INTO thing (name) VALUES (?)", ("c",))
    assert cursor.lastrowid == 3
    await cursor.execute("UPDATE thing SET name = name || '!' RETURNING id")
    assert cursor.rowcount == 3
    assert await cursor.fetchall() == [(1,), (2,), (3,)]
    assert await cursor.fetchall() == []


async def test_error_leaves_the_connection_usable(connection: OneTripConnection) -> None:
    cursor = connection.cursor()
    await cursor.execute("INSERT INTO thing (name) VALUES ('a')")

    with pytest.raises(IntegrityError):
        await cursor.execute("INSERT INTO thing (name) VALUES ('a')")

    await cursor.execute("SELECT count(*) FROM thing")
    assert await cursor.fetchall() == [(1,)]


async def test_transaction_begins_with_its_first_statement(connection: OneTripConnection) -> None:
    connection.begin_with_next(BEGIN_TO_WRITE)
    assert not connection.in_transaction
    await connection.cursor().execute("INSERT INTO thing (name) VALUES ('a')")
    assert connection.in_transaction

    await connection.rollback()

    cursor = await connection.cursor().execute("SELECT count(*) FROM thing")
    assert await cursor.fetchall() == [(0,)]


@pytest.mark.parametrize("ends", ["commit", "rollback"])
async def test_transaction_without_statements_leaves_nothing(connection: OneTripConnection, ends: str) -> None:
    connection.begin_with_next(BEGIN_TO_WRITE)

    await getattr(connection, ends)()

    await connection.cursor().execute("INSERT INTO thing (name) VALUES ('a')")
    assert not connection.in_transaction


async def test_what_was_read_is_let_go_before_the_next_statement(connection: OneTripConnection) -> None:
    connection.begin_with_next(BEGIN_TO_READ)
    await connection.cursor().execute("SELECT count(*) FROM thing")
    await connection.rollback()

    connection.begin_with_next(BEGIN_TO_WRITE)
    await connection.cursor().execute("INSERT INTO thing (name) VALUES ('a')")
    await connection.commit()

    cursor = await connection.cursor().execute("SELECT count(*) FROM thing")
    assert await cursor.fetchall() == [(1,)]


@pytest.fixture
def trips(connection: OneTripConnection, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was executed in the thread."""
    seen: list[str] = []
    go = connection._execute

    async def counted(function: Any, *arguments: Any) -> object:
        seen.append(function.__name__)
        return await go(function, *arguments)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(connection, "_execute", counted)
    return seen


async def test_brief_reading_needs_no_thread(connection: OneTripConnection, trips: list[str]) -> None:
    connection.begin_with_next(BEGIN_TO_READ, is_brief=True)
    cursor = await connection.cursor().execute("SELECT count(*) FROM thing")
    await connection.rollback()

    assert await cursor.fetchall() == [(0,)]
    assert not connection.in_transaction
    assert trips == []


async def test_brief_writing_waits_for_the_lock_and_the_disk_only(
    connection: OneTripConnection, trips: list[str]
) -> None:
    connection.begin_with_next(BEGIN_TO_WRITE, is_brief=True)
    for name in "abc":
        await connection.cursor().execute("INSERT INTO thing (name) VALUES (?)", (name,))
    await connection.commit()

    assert trips == ["_execute", "commit"]


async def test_many_rows_go_to_the_thread_also_when_brief(connection: OneTripConnection, trips: list[str]) -> None:
    connection.begin_with_next(BEGIN_TO_WRITE, is_brief=True)
    await connection.cursor().execute("DELETE FROM thing")
    await connection.cursor().executemany("INSERT INTO thing (name) VALUES (?)", [(str(n),) for n in range(100)])
    await connection.rollback()

    assert trips == ["_execute", "_execute", "rollback"]


async def test_statement_whose_caller_left_is_over_before_the_next(connection: OneTripConnection) -> None:
    has_begun, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow() -> int:
        loop.call_soon_threadsafe(has_begun.set)
        may_end.wait()
        return 1

    await connection.create_function("slow", 0, slow)
    connection.begin_with_next(BEGIN_TO_READ)
    statement = asyncio.create_task(connection.cursor().execute("SELECT slow()"))
    await has_begun.wait()
    statement.cancel()
    with pytest.raises(asyncio.CancelledError):
        await statement
    loop.call_soon(may_end.set)
    await connection.rollback()

    connection.begin_with_next(BEGIN_TO_READ, is_brief=True)
    cursor = await connection.cursor().execute("SELECT count(*) FROM thing")

    assert await cursor.fetchall() == [(0,)]
