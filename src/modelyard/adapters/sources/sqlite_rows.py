"""Rows of a query of a SQLite file, which has to be below the directory that the operator set."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from modelyard.adapters.sources.base import DatabaseAccess, SourceMisconfigured
from modelyard.adapters.sources.driver_rows import SECONDS_WITHOUT_A_ROW, Driver

_STEPS_BETWEEN_LOOKS = 100_000
LARGEST_VALUE = 1_000_000_000
_MAY = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


class FileNotOffered(SourceMisconfigured):
    """The file is not one that jobs may read."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no SQLite file {name[:200]!r} that jobs may read; "
            "an administrator names their directory with the setting MODELYARD_SQLITE_SOURCES"
        )


def find_file(directory: Path | None, name: str) -> Path:
    """The file of that name, as a path below the directory. Raises FileNotOffered."""
    try:
        found = (directory / name).resolve() if directory else None
    except (OSError, ValueError):
        found = None
    if not directory or not found or not found.is_relative_to(directory.resolve()) or not found.is_file():
        raise FileNotOffered(name)
    return found


def sqlite_driver(directory: Path | None) -> Driver:
    """What is particular to it."""

    def connect(access: DatabaseAccess) -> Any:
        uri = f"{find_file(directory, access.name).as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
        # Nothing but reading this file: no other file is attached, no extension loaded.
        connection.set_authorizer(lambda what, *_: sqlite3.SQLITE_OK if what in _MAY else sqlite3.SQLITE_DENY)
        return connection

    def open_cursor(connection: Any) -> Any:
        return _TimedCursor(connection)

    return Driver(
        connect=connect,
        open_cursor=open_cursor,
        is_login=lambda _: False,
        is_away=lambda error: isinstance(error, sqlite3.OperationalError) and "locked" in str(error),
    )


class _TimedCursor:
    """A cursor none of whose calls takes for ever."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()

    @property
    def description(self) -> Any:
        """As of any cursor."""
        return self._cursor.description

    def execute(self, query: str) -> None:
        """As of any cursor."""
        self._limit()
        self._cursor.execute(query)

    def fetchone(self) -> Any:
        """As of any cursor."""
        self._limit()
        return self._cursor.fetchone()

    def close(self) -> None:
        """As of any cursor."""
        self._cursor.close()

    def _limit(self) -> None:
        end = time.monotonic() + SECONDS_WITHOUT_A_ROW
        self._connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS)
