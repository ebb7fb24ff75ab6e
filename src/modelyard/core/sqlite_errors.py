"""Says in our own words what SQLite cannot do at the moment."""

import sqlite3

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import ExceptionContext

from modelyard.core.database_errors import DatabaseAway, DatabaseBusy, DatabaseFull
from modelyard.core.errors import PlatformError

_FIRST_BYTE = 0xFF
"""Of an error code; the others say more."""
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_AWAY = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL}


def translate_errors(engine: Engine) -> None:
    """From now on the engine raises our errors where there is one; all others are raised as they are."""
    event.listen(engine, "handle_error", _translate, retval=True)


def error_of(code: int | None) -> PlatformError | None:
    """Our error for a code of SQLite's."""
    plain = (code or 0) & _FIRST_BYTE
    if plain in _BUSY:
        return DatabaseBusy()
    if plain == sqlite3.SQLITE_FULL:
        return DatabaseFull()
    return DatabaseAway() if plain in _AWAY else None


def _translate(context: ExceptionContext) -> PlatformError | None:
    return error_of(getattr(context.original_exception, "sqlite_errorcode", None))
