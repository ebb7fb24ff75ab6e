"""A clock that tests move by hand."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


class ManualClock:
    """Stands still until `advance`; whoever sleeps wakes when their time has come."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []
        self.slept: list[float] = []
        """All sleeps that were asked for, in seconds."""

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        future = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + timedelta(seconds=seconds), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Moves on, and lets whoever wakes do their next step."""
        self._now += timedelta(seconds=seconds)
        due = [future for until, future in self._sleepers if until <= self._now]
        self._sleepers = [entry for entry in self._sleepers if entry[1] not in due]
        for future in due:
            if not future.done():
                future.set_result(None)
        await asyncio.sleep(0)


class RestlessClock(ManualClock):
    """Sleeping takes no time: it only moves the clock."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)
        await asyncio.sleep(0)
