"""Bells: how one part of a process wakes another after a commit, so that nobody has to poll quickly."""

import asyncio
from collections import defaultdict
from weakref import WeakSet


class Bell:
    """One listener's wake-up; a ring while nobody waits is remembered."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wakes the listener, now or at its next wait."""
        self._event.set()

    def has_rung(self) -> bool:
        """Whether it rang since this or `wait` was asked last."""
        rung = self._event.is_set()
        self._event.clear()
        return rung

    async def wait(self, timeout: float) -> bool:
        """Waits for a ring, at most `timeout` seconds; True when it rang."""
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class BellBoard:
    """Topics and who listens to them."""

    def __init__(self) -> None:
        self._bells: defaultdict[str, WeakSet[Bell]] = defaultdict(WeakSet)

    def listen(self, *topics: str) -> Bell:
        """A bell of one's own that rings for each of these topics, as long as somebody holds it."""
        bell = Bell()
        for topic in topics:
            self._bells[topic].add(bell)
        return bell

    def ring(self, topic: str) -> None:
        """Wakes everybody who listens to the topic."""
        for bell in self._bells[topic]:
            bell.ring()
