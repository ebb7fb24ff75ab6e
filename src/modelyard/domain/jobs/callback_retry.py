"""When a callback is tried again, and when it is given up: pure rules."""

from datetime import datetime, timedelta
from enum import StrEnum

KEEP_TRYING_FOR = timedelta(days=1)
"""From the end of the job on."""
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)
GONE = 410
"""By this status a receiver says that it wants no more."""


class CallbackState(StrEnum):
    """Where a callback stands."""

    WAITING = "waiting"
    """For the end of its job."""
    DUE = "due"
    """To be sent at `next_at`; while it is being sent that is when others may take it over."""
    DELIVERED = "delivered"
    FAILED = "failed"


def delay_after(attempt: int, chance: float) -> timedelta:
    """5 s, 10 s, 20 s, … up to an hour; by chance, 0 to 1, up to a fifth less or more: not all come together."""
    delay: timedelta = min(LONGEST_DELAY, FIRST_DELAY * int(2 ** min(20, attempt - 1)))
    return delay * (0.8 + 0.4 * chance)


def next_attempt(
    *, attempt: int, status: int | None, ended_at: datetime, now: datetime, chance: float
) -> datetime | None:
    """When to try again after an attempt that failed, by the status that came back; None to give up."""
    at = now + delay_after(attempt, chance)
    return None if status == GONE or at > ended_at + KEEP_TRYING_FOR else at
