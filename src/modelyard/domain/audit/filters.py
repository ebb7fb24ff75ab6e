"""What to look for among audit events, as conditions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

_EQUAL = ("account_id", "team_id", "actor", "user_id", "request_id")
_BEGIN = ("action", "target")


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What to look for; empty means anything. `action` and `target` are what those of the events begin with.

    Args:
        account_id: events of this account; None: of the whole installation.
        team_id: events of those who acted for this team.
        actor: an e-mail address, or `platform`.
    """

    account_id: str | None = None
    team_id: str = ""
    actor: str = ""
    user_id: str = ""
    action: str = ""
    target: str = ""
    request_id: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list: behind this event."""

    at: datetime
    id: int


def begins_with(column: Any, prefix: str) -> ColumnElement[bool]:
    """As a range, which an index serves."""
    return and_(column >= prefix, column < end_of(prefix))


def end_of(prefix: str) -> str:
    """What comes behind everything that begins with the prefix."""
    return prefix + "\U0010ffff"


def conditions(
    events: Any, wanted: EventFilter, after: Position | None, *, branch: Collection[str] = (), is_bounded: bool = False
) -> list[ColumnElement[bool]]:
    """The filter over the table of events, or over an alias of it.

    Args:
        branch: columns that are fixed already. What else is wanted of other texts is then only looked at, and tempts
            no database to use another index.
        is_bounded: that the events are not before the start is known already.
    """

    def column(name: str) -> Any:
        return getattr(events, name).concat("") if branch else getattr(events, name)

    equal = {name: getattr(wanted, name) for name in _EQUAL if name not in branch}
    begin = {name: getattr(wanted, name) for name in _BEGIN if name not in branch}
    found = [column(name) == value for name, value in equal.items() if value]
    found += [begins_with(column(name), prefix) for name, prefix in begin.items() if prefix]
    # One bound for each end: of two, SQLite may take the one that is farther away.
    if wanted.start and not is_bounded:
        found.append(events.at >= wanted.start)
    if end := min((time for time in (wanted.end, after.at if after else None) if time), default=None):
        found.append(events.at <= end)
    if after:
        found.append(or_(events.at < after.at, events.id < after.id))
    return found
