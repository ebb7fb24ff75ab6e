"""Says in our own words what PostgreSQL refuses or cannot do at the moment."""

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import ExceptionContext

from modelyard.core.database_errors import DatabaseAway, DatabaseBusy, DatabaseFull
from modelyard.core.errors import InvalidInput, PlatformError


class ValueUnusable(InvalidInput):
    """A value that a column cannot hold; what is checked before never comes so far."""


_SENTENCES = {
    "22001": "A text is longer than the database can store it.",
    "22003": "A number is larger or smaller than the database can store it.",
    "22008": "A time is earlier or later than the database can store it.",
    "22P05": "A text has a character that the database cannot store.",
    "22021": "A text has a character that the database cannot store.",
}
_BUSY = {"40001", "40P01", "55P03"}
"""Serialization failure, deadlock, a lock that was not given in time."""
_FULL = "53100"
_AWAY = ("08", "53", "57P")
"""Classes of codes: no connection, out of resources, the server stops or starts."""


def translate_errors(engine: Engine) -> None:
    """From now on the engine raises our errors where there is one; all others are raised as they are."""
    event.listen(engine, "handle_error", _translate, retval=True)


def _translate(context: ExceptionContext) -> PlatformError | None:
    original = context.original_exception
    if not isinstance(original, Exception):  # who is cancelled has lost a connection, but is cancelled all the same
        return None
    if context.is_pre_ping:  # the pool makes another connection
        return None
    code = getattr(original, "sqlstate", None) or ""
    if code in _BUSY:
        return DatabaseBusy()
    if code == _FULL:
        return DatabaseFull()
    if context.is_disconnect or code.startswith(_AWAY) or _is_about_connecting(original, code):
        return DatabaseAway()
    sentence = _SENTENCES.get(code)
    return ValueUnusable(sentence) if sentence else None


def _is_about_connecting(error: BaseException, code: str) -> bool:
    return not code and type(error).__name__ in {"OperationalError", "ConnectionTimeout"}
