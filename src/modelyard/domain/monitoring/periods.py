"""Spans of whole days to look at, and the span before to compare with; pure rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from modelyard.core.errors import InvalidInput

USUAL_DAYS = 7
MOST_DAYS = 366
_DAY = timedelta(days=1)


class PeriodUnusable(InvalidInput):
    """A period does not begin before it ends, or has too many days."""

    def __init__(self, begin: date, end: date) -> None:
        super().__init__(
            f"The period from {begin} to {end} cannot be shown; it has to end when it begins or later, "
            f"and may have {MOST_DAYS} days at most."
        )


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of one day to the end of another, in UTC."""

    begin: date
    end: date

    @property
    def length(self) -> int:
        """Its days."""
        return (self.end - self.begin).days + 1

    @property
    def before(self) -> "Period":
        """The equally long period that ends where this one begins."""
        return Period(self.begin - _DAY * self.length, self.begin - _DAY)

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return datetime(self.begin.year, self.begin.month, self.begin.day, tzinfo=UTC)

    @property
    def stop(self) -> datetime:
        """The first moment after it."""
        return datetime(self.end.year, self.end.month, self.end.day, tzinfo=UTC) + _DAY

    def days(self) -> Iterator[str]:
        """Each day as `2026-01-02`."""
        return ((self.begin + _DAY * number).isoformat() for number in range(self.length))


def period_of(begin: date | None, end: date | None, today: date, *, days: int = USUAL_DAYS) -> Period:
    """The period that is meant: where one end is missing it has `days`, where both are it ends today.

    Raises PeriodUnusable.
    """
    span = _DAY * (days - 1)
    try:
        last = end or (begin + span if begin else today)
        first = begin or last - span
        chosen = Period(first, last)
        is_usable = 1 <= chosen.length <= MOST_DAYS and chosen.before.begin.year > 1 and last.year < date.max.year
    except OverflowError:
        raise PeriodUnusable(begin or today, end or today) from None
    if not is_usable:
        raise PeriodUnusable(first, last)
    return chosen


def percentage_of_change(recent: int, previous: int) -> float:
    """By how many percent something has grown; from nothing to something it is 100."""
    if previous == 0:
        return 100.0 if recent else 0.0
    return round((recent - previous) * 100 / previous, 2)
