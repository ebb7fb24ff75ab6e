"""How the engines of a version have fared lately, and when the next may be started; pure rules."""

from dataclasses import dataclass
from enum import StrEnum

HOPELESS_AFTER = 3
"""Failed starts in a row, or quarantines in a row, after which waiting items are given the reason."""
DEATHS_TO_QUARANTINE = 6
"""Engines in a row that died before they had run one item to its end."""
LONGEST_PAUSE = 60.0
FIRST_QUARANTINE = 60.0
LONGEST_QUARANTINE = 1800.0


class Verdict(StrEnum):
    """What a failure means for those who wait."""

    WAIT = "wait"
    QUARANTINE = "quarantine"
    HOPELESS = "hopeless"


@dataclass(slots=True)
class HealthRecord:
    """How the last engines of a version went. Times are monotonic seconds."""

    failures: int = 0
    deaths: int = 0
    quarantines: int = 0
    not_before: float = 0.0
    last_death: float = 0.0
    is_quarantined: bool = False
    reason: str = ""

    def start_failed(self, reason: str, *, now: float) -> Verdict:
        """Counts a start that failed; the next try is later and later."""
        self.failures += 1
        self.reason = reason
        self.not_before = now + min(LONGEST_PAUSE, 2.0 ** (self.failures - 1))
        return Verdict.HOPELESS if self.failures % HOPELESS_AFTER == 0 else Verdict.WAIT

    def started(self) -> None:
        """Forgets failed starts."""
        self.failures = 0
        self.not_before = 0.0
        self.is_quarantined = False

    def died(self, reason: str, *, worked_at: float, now: float) -> Verdict:
        """Counts an engine that died after it was ready.

        Args:
            worked_at: when an engine of the version last ran an item to its end; one that works is no case for
                quarantine, whatever its items do to others.
        """
        if worked_at > self.last_death:
            self.deaths = self.quarantines = 0
        self.last_death = now
        self.deaths += 1
        self.reason = reason
        if self.deaths < DEATHS_TO_QUARANTINE:
            self.not_before = now + (0.0 if self.deaths == 1 else min(LONGEST_PAUSE, 0.25 * 2.0**self.deaths))
            return Verdict.WAIT
        self.is_quarantined = True
        self.quarantines += 1
        self.not_before = now + min(LONGEST_QUARANTINE, FIRST_QUARANTINE * 2.0 ** (self.quarantines - 1))
        return Verdict.HOPELESS if self.quarantines >= HOPELESS_AFTER else Verdict.QUARANTINE
