"""Time, as a thing that can be passed in."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

SECONDS_TO_FOLLOW_AT_ONCE = 1.0
PACE_TO_FOLLOW = 0.1
"""Seconds by which a clock that has jumped is approached in each second."""


class Clock(Protocol):
    """Where the platform gets the time from."""

    def now(self) -> datetime:
        """The time in UTC, with its zone."""

    async def sleep(self, seconds: float) -> None:
        """Waits."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _seconds_passed() -> float:
    """Since the machine was switched on, also while it was suspended; nobody can set it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SteadyClock:
    """The clock of this machine, but for its jumps: where somebody sets it, this one follows bit by bit.

    So no job is overdue and nothing too old all at once, and what was to be done soon is not put off for hours.

    Args:
        wall: seconds since 1970, as the machine thinks.
        passed: seconds that certainly have passed.
    """

    def __init__(self, wall: Callable[[], float] = time.time, passed: Callable[[], float] = _seconds_passed) -> None:
        self._wall = wall
        self._passed = passed
        self._shown = wall()
        self._at = passed()

    def now(self) -> datetime:
        at = self._passed()
        steps, self._at = max(0.0, at - self._at), at
        self._shown = _follow(self._shown + steps, self._wall(), steps)
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=self._shown)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _follow(steady: float, wall: float, passed: float) -> float:
    """The time to show: that of the wall, or one that comes nearer to it as time passes, and goes back but little."""
    away = wall - steady
    if abs(away) <= SECONDS_TO_FOLLOW_AT_ONCE:
        return wall
    most = passed * PACE_TO_FOLLOW
    return steady + max(-most, min(most, away))


def milliseconds_between(start: datetime, end: datetime) -> int:
    """Whole milliseconds from start to end, never negative."""
    return max(0, round((end - start).total_seconds() * 1000))
