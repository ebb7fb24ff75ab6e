"""When failed work is tried again."""

from datetime import timedelta

from modelyard.core.errors import Unavailable

SECONDS_UNTIL_NEXT_LOOK = 0.3


class NotYet(Unavailable):
    """What the work needs is still under way: it is looked at again soon, which does not count as an attempt."""


def is_worth_retrying(error: Exception) -> bool:
    """Whether trying again can help: something was away, rather than wrong."""
    return isinstance(error, Unavailable | OSError)


def delay_before(attempt: int) -> timedelta:
    """How long to wait before an attempt: 1 s, 2 s, 4 s, … up to five minutes."""
    return timedelta(seconds=min(300, 2 ** min(10, max(0, attempt - 2))))
