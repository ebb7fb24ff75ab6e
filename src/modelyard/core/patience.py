"""Waits out what is away: for steps that must not be left out, since nobody else would do them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from modelyard.core.clock import Clock
from modelyard.core.errors import Unavailable
from modelyard.core.logs import log

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0

_T = TypeVar("_T")


async def patiently(clock: Clock, call: Callable[[], Awaitable[_T]]) -> _T:
    """Calls again, at longer and longer intervals, until it does not raise Unavailable; cancelling ends the wait."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await call()
        except Unavailable as error:
            log.warning("the database or storage does not work; trying again", reason=error.message, seconds=pause)
        await clock.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)
