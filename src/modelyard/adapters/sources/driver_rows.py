"""Rows of a query through a blocking DB-API driver, streamed out of a guarded thread."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from modelyard.adapters.sources.base import CredentialsWrong, DatabaseAccess, QueryFailed, Row, SourceNotReachable
from modelyard.adapters.sources.guarded_thread import GuardedThread
from modelyard.core.destinations import DestinationForbidden, Destinations
from modelyard.core.errors import PlatformError
from modelyard.core.harmless import one_line

BYTES_AT_ONCE = 4_194_304
MOST_ROWS_AT_ONCE = 200
SECONDS_TO_CONNECT = 15
SECONDS_WITHOUT_A_ROW = 120
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Driver:
    """What is particular to a database.

    Args:
        connect: opens a connection whose queries change nothing.
        open_cursor: one that does not read the whole result at once.
        is_login: whether an error says that it does not accept the credentials.
        is_away: whether an error says that nobody answers.
        abandon: makes a cursor forget the rest of its result, where it would read all of it to be closed.
    """

    connect: Callable[[DatabaseAccess], Any]
    open_cursor: Callable[[Any], Any]
    is_login: Callable[[Exception], bool]
    is_away: Callable[[Exception], bool]
    abandon: Callable[[Any], None] = lambda _: None


async def stream_rows(driver: Driver, access: DatabaseAccess, destinations: Destinations) -> AsyncGenerator[Row]:
    """The rows, one after the other; as many are read ahead as fit a few megabytes."""
    thread = GuardedThread(destinations, access.host)
    opened: list[Any] = []

    def start() -> list[str]:
        connection = driver.connect(access)
        opened.append(connection)
        cursor = driver.open_cursor(connection)
        opened.append(cursor)
        cursor.execute(access.query)
        if cursor.description is None:
            raise QueryFailed("the query gives no rows; it has to be a SELECT")
        return [str(column[0]) for column in cursor.description]

    def translated(error: Exception) -> PlatformError:
        return thread.refusal or explain_database_error(error, access, driver.is_login, driver.is_away)

    def close() -> None:
        driver.abandon(opened[-1] if len(opened) > 1 else None)
        for each in reversed(opened):
            with contextlib.suppress(Exception):  # of a connection that is broken anyway
                each.close()

    try:
        try:
            columns = require_plain_columns(await thread.run(start))
            number = 1
            while rows := await thread.run(partial(_read_some, opened[1], number)):
                number = min(MOST_ROWS_AT_ONCE, number * 2)
                for row in rows:
                    yield dict(zip(columns, row, strict=True))
        except PlatformError:
            raise
        except Exception as error:  # noqa: BLE001 - each driver has a hierarchy of its own
            raise translated(error) from None
    finally:
        thread.close(close)


def _read_some(cursor: Any, number: int) -> list[Any]:
    """The next rows, and not more than belong in memory."""
    rows: list[Any] = []
    size = 0
    while len(rows) < number and size < BYTES_AT_ONCE and (row := cursor.fetchone()) is not None:
        rows.append(row)
        size += size_of(row)
    return rows


def require_plain_columns(columns: list[str]) -> list[str]:
    """Raises QueryFailed where two columns have the same name."""
    if len(set(columns)) < len(columns):
        raise QueryFailed(f"two columns of the query have the same name: {', '.join(columns)[:LONGEST_REASON]}")
    return columns


def size_of(row: Any) -> int:
    """About how many bytes a row has."""
    return sum(len(value) if isinstance(value, bytes | str | bytearray | memoryview) else 16 for value in row)


def rows_to_read(largest: int, before: int) -> int:
    """How many rows to read at once: at most twice as many as before, and not more than belong in memory."""
    return max(1, min(MOST_ROWS_AT_ONCE, before * 2, BYTES_AT_ONCE // max(1, largest)))


def explain_database_error(
    error: Exception,
    access: DatabaseAccess,
    is_login: Callable[[Exception], bool],
    is_away: Callable[[Exception], bool],
) -> PlatformError:
    """The named error for one of a driver; what it says of the query is told, but not the password."""
    if isinstance(error, DestinationForbidden):
        return error
    if is_login(error):
        return CredentialsWrong()
    if is_away(error):
        return SourceNotReachable(f"the database at {access.host}, port {access.port}, does not answer")
    text = str(error.args[-1] if error.args and isinstance(error.args[-1], str) else error)
    for secret in (access.password, access.query):
        text = text.replace(secret, "…") if secret else text
    return QueryFailed(f"the database refused the query: {one_line(text)[:LONGEST_REASON]}")
