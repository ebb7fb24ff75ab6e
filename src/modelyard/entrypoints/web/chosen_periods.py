"""The chooser of a period: some usual ones as links, any other by its days; what is chosen stands in the address."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from modelyard.core.errors import InvalidInput
from modelyard.domain.monitoring.periods import USUAL_DAYS, Period, period_of
from modelyard.entrypoints.rest.periods import read_period
from modelyard.entrypoints.rest.requests import read_text

USUAL = {1: "Today", USUAL_DAYS: "7 days", 30: "30 days", 90: "90 days"}
"""What the links to usual periods say, by days."""


@dataclass(frozen=True, slots=True)
class ChosenPeriod:
    """What the chooser shows. With a problem the period is the usual one, and what was typed is kept."""

    period: Period
    here: str
    days: int
    """One of the usual ones, counted back from today; 0 for any other."""
    begin: str
    end: str
    problem: str = ""

    @property
    def status(self) -> int:
        """The status of an answer about it."""
        return 400 if self.problem else 200

    @property
    def links(self) -> list[tuple[str, str, bool]]:
        """Words, address and whether it is chosen."""
        return [(words, f"{self.here}?days={days}", days == self.days) for days, words in USUAL.items()]


def choose_period(request: Request, here: str, now: datetime) -> ChosenPeriod:
    """What `days`, or `begin-date` and `end-date`, say; a problem with them is told beside the chooser."""
    begin, end = read_text(request, "begin-date"), read_text(request, "end-date")
    try:
        if begin or end:
            period = read_period(request, now)
            return ChosenPeriod(period, here, 0, str(period.begin), str(period.end))
        days = _usual_days(read_text(request, "days"))
    except InvalidInput as error:
        return _chosen(here, USUAL_DAYS, now, begin, end, error.message)
    return _chosen(here, days, now, begin, end)


class DaysUnusual(InvalidInput):
    """A period is none of the usual ones."""

    def __init__(self, text: str) -> None:
        known = ", ".join(map(str, USUAL))
        super().__init__(f"days must be one of {known}, not {text[:20]!r}; choose two days for any other period.")


def _usual_days(text: str) -> int:
    found = next((days for days in USUAL if str(days) == text), None)
    if text and found is None:
        raise DaysUnusual(text)
    return found or USUAL_DAYS


def _chosen(here: str, days: int, now: datetime, begin: str, end: str, problem: str = "") -> ChosenPeriod:
    period = period_of(None, None, now.date(), days=days)
    shown = (begin or str(period.begin), end or str(period.end))
    return ChosenPeriod(period, here, days, *shown, problem)
