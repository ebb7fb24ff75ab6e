"""The windows of quotas: calendar hours, days, weeks, months and years in UTC, or one that holds everything."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Period(StrEnum):
    """How often a quota begins anew."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Where the one window of a quota without a period begins; so moving the quota's own bounds keeps what is used."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` until just before `end`; without an end it goes on for ever."""

    start: datetime
    end: datetime | None


def window_at(period: Period | None, now: datetime) -> Window:
    """The window that a time lies in; weeks begin on Monday."""
    if period is None:
        return Window(ALWAYS, None)
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    match period:
        case Period.HOURLY:
            return Window(hour, hour + timedelta(hours=1))
        case Period.DAILY:
            return Window(day, day + timedelta(days=1))
        case Period.WEEKLY:
            monday = day - timedelta(days=day.weekday())
            return Window(monday, monday + timedelta(days=7))
        case Period.MONTHLY:
            first = day.replace(day=1)
            return Window(first, (first + timedelta(days=31)).replace(day=1))
        case Period.YEARLY:
            return Window(day.replace(month=1, day=1), day.replace(year=day.year + 1, month=1, day=1))


def seconds_until(end: datetime, now: datetime) -> int:
    """Whole seconds, rounded up, at least one: what `Retry-After` takes."""
    return max(1, -int((now - end).total_seconds() // 1))
