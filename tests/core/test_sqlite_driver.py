"""The driver goes to its thread once for each statement, and gives what SQLite gives."""

from collections.abc import AsyncIterator
from pathlib import Path
from sqlite3 import IntegrityError
from typing import Any

import pytest

from modelyard.core.sqlite_driver import OneTripConnection, open_connection


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
