"""Speaks to SQLite through aiosqlite's thread, but goes there once for each statement, or not at all."""

import asyncio
from collections.abc import Callable, Sequence
from sqlite3 import Connection as SqliteConnection
from sqlite3 import connect
from typing import Any, Self

import aiosqlite

BEGIN_TO_READ = "BEGIN"
BEGIN_TO_WRITE = "BEGIN IMMEDIATE"
_FEW = 64
"""Parameters of a statement, or sets of them, that are no reason to go to the thread."""


class OneTripConnection(aiosqlite.Connection):
    """A connection whose cursors fetch their rows where they execute; SQLAlchemy buffers all rows anyway.

    A trip to the thread and back wakes both it and the event loop, and costs more than most statements. So a
    transaction begins on the trip of its first statement, and brief ones do not leave the event loop, but to wait for
    the lock of writers and for the disk.
    """

    _to_begin: str | None = None
    _only_reads = False
    _is_brief = False
    _is_thread_busy = False
    """That the thread may still be at a statement that nobody waits for any more."""

    def begin_with_next(self, statement: str, *, is_brief: bool = False) -> None:
        """Begins a transaction right before its first statement; without one there is none.

        Args:
            is_brief: that its statements find few rows by their keys.
        """
        self._to_begin = statement
        self._only_reads = statement == BEGIN_TO_READ
        self._is_brief = is_brief

    def cursor(self) -> "OneTripCursor":  # type: ignore[override]
        """A cursor; made without a trip."""
        return OneTripCursor(self)

    async def run(self, sql: str, parameters: Any, cursor: "OneTripCursor", *, many: bool = False) -> None:
        """Executes and leaves all that came of it in the cursor."""
        begin, self._to_begin = self._to_begin, None
        may_wait = begin == BEGIN_TO_WRITE or self._is_thread_busy
        if self._is_brief and not may_wait and len(parameters) <= _FEW:
            _execute(self._conn, begin, sql, parameters, cursor, many)
        else:
            await self._in_thread(_execute, self._conn, begin, sql, parameters, cursor, many)

    async def commit(self) -> None:
        """Commits, unless no transaction was begun."""
        if self._has_begun():
            await self._in_thread(self._conn.commit)

    async def rollback(self) -> None:
        """Rolls back, unless no transaction was begun; what only read ends at once."""
        if not self._has_begun():
            return
        if self._only_reads and self._running and not self._is_thread_busy:
            self._conn.rollback()
        else:
            await self._in_thread(self._conn.rollback)

    async def _in_thread(self, function: Callable[..., object], *arguments: Any) -> None:
        self._is_thread_busy = True
        try:
            await self._execute(function, *arguments)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            raise  # the thread goes on nevertheless
        except BaseException:
            self._is_thread_busy = False
            raise
        self._is_thread_busy = False

    def _has_begun(self) -> bool:
        begin, self._to_begin = self._to_begin, None
        return begin is None


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
        await self._connection.run(operation, parameters, self)
        return self

    async def executemany(self, operation: str, parameters: Sequence[Any]) -> Self:
        """Executes a statement for each set of parameters; such a statement has no rows."""
        await self._connection.run(operation, parameters, self, many=True)
        return self

    async def fetchall(self) -> list[Any]:
        """The rows that are left."""
        rows, self.rows = self.rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open: the cursor within the thread was closed there."""


def open_connection(*arguments: Any, **options: Any) -> OneTripConnection:
    """A connection to be awaited; arguments as `sqlite3.connect` has them."""
    options["check_same_thread"] = False  # it is used in two, though never at once
    connection = OneTripConnection(lambda: connect(*arguments, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy does: the end of the process must not wait for it
    return connection


def _execute(
    connection: SqliteConnection, begin: str | None, sql: str, parameters: Any, into: OneTripCursor, many: bool
) -> None:
    cursor = connection.cursor()
    try:
        if begin:
            cursor.execute(begin)
        (cursor.executemany if many else cursor.execute)(sql, parameters)
        into.rows = cursor.fetchall() if cursor.description else []
        into.description, into.rowcount, into.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()
