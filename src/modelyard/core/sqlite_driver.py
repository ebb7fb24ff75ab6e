"""Speaks to SQLite through aiosqlite's thread, but goes there once for each statement instead of four times."""

from collections.abc import Iterable
from sqlite3 import Connection as SqliteConnection
from sqlite3 import connect
from typing import Any, Self

import aiosqlite


class OneTripConnection(aiosqlite.Connection):
    """A connection whose cursors fetch their rows where they execute; SQLAlchemy buffers all rows anyway.

    A trip to the thread and back wakes both it and the event loop, and costs more than most statements.
    """

    def cursor(self) -> "OneTripCursor":  # type: ignore[override]
        """A cursor; made without a trip."""
        return OneTripCursor(self)

    async def in_thread(self, sql: str, parameters: Any, cursor: "OneTripCursor", *, many: bool = False) -> None:
        """Executes in the thread and leaves all that came of it in the cursor."""
        await self._execute(_execute, self._conn, sql, parameters, cursor, many)  # type: ignore[no-untyped-call]


class OneTripCursor:
    """What SQLAlchemy needs of an asynchronous cursor."""

    arraysize = 1

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, operation: str, parameters: Any = ()) -> Self:
        """Executes a statement and fetches its rows."""
        await self._connection.in_thread(operation, parameters, self)
        return self

    async def executemany(self, operation: str, parameters: Iterable[Any]) -> Self:
        """Executes a statement for each set of parameters; such a statement has no rows."""
        await self._connection.in_thread(operation, parameters, self, many=True)
        return self

    async def fetchall(self) -> list[Any]:
        """The rows that are left."""
        rows, self.rows = self.rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open: the cursor within the thread was closed there."""


def open_connection(*arguments: Any, **options: Any) -> OneTripConnection:
    """A connection to be awaited; arguments as `sqlite3.connect` has them."""
    connection = OneTripConnection(lambda: connect(*arguments, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy does: the end of the process must not wait for it
    return connection


def _execute(connection: SqliteConnection, sql: str, parameters: Any, into: OneTripCursor, many: bool) -> None:
    cursor = connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(sql, parameters)
        into.rows = cursor.fetchall() if cursor.description else []
        into.description, into.rowcount, into.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()
