"""The driver goes to its thread once for each statement, and gives what SQLite gives."""

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
    go = connection.in_thread

    async def counted(sql: str, *arguments: Any, **options: Any) -> None:
        trips.append(sql)
        await go(sql, *arguments, **options)

    monkeypatch.setattr(connection, "in_thread", counted)
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
