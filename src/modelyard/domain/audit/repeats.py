"""Remembers for a while what the trail tells already, so that repeated requests cannot fill it."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta

from modelyard.core.clock import Clock

MINUTES = 10


class Repeats:
    """What happened in the last minutes, at most so many things.

    Args:
        forgets_when_full: whether the oldest makes room for what is new; else what is new is not due until there is.
    """

    def __init__(self, clock: Clock, *, most: int, forgets_when_full: bool) -> None:
        self._clock = clock
        self._most = most
        self._forgets_when_full = forgets_when_full
        self._told: OrderedDict[Hashable, datetime] = OrderedDict()

    def is_due(self, key: Hashable) -> bool:
        """Whether this has to be told; from now on it counts as told."""
        now = self._clock.now()
        while self._told and next(iter(self._told.values())) <= now - timedelta(minutes=MINUTES):
            self._told.popitem(last=False)
        if key in self._told:
            return False
        if len(self._told) >= self._most:
            if not self._forgets_when_full:
                return False
            self._told.popitem(last=False)
        self._told[key] = now
        return True

    def was_not_told(self, key: Hashable) -> None:
        """Takes it back: telling it has failed."""
        self._told.pop(key, None)
