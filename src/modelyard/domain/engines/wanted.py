"""Decides how many engines a version should have; pure rules."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

HOPELESS_AFTER = 3
"""Failed starts in a row after which waiting items are given the reason instead of waiting on."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one version is asked for.

    Args:
        open_items: items that wait or run.
        minimum, maximum: how many engines may run; the minimum counts only while the version is active.
        batch_size: items that one engine takes at once.
    """

    open_items: int
    minimum: int
    maximum: int
    batch_size: int = 1


def wanted_engines(demand: Demand) -> int:
    """As many engines as the open items can keep busy, within the limits."""
    useful = math.ceil(demand.open_items / max(1, demand.batch_size))
    return max(demand.minimum, min(demand.maximum, useful))


def surplus_engines(demand: Demand, idle: Mapping[str, float], *, idle_seconds: float) -> list[str]:
    """Engines to stop: those that have been idle for longest, and never more than are too many.

    Args:
        idle: for how many seconds each engine of the version has been idle; 0 while it is in use.
        idle_seconds: after so long an engine that is not wanted may go; above the limits it goes at once.
    """
    unused = sorted((name for name in idle if idle[name] > 0), key=lambda name: -idle[name])
    above_limit = len(idle) - max(demand.maximum, demand.minimum)
    unwanted = unused[: max(0, len(idle) - wanted_engines(demand))]
    return [name for number, name in enumerate(unwanted) if number < above_limit or idle[name] >= idle_seconds]


@dataclass(slots=True)
class StartRecord:
    """How the last starts of a version went. Times are monotonic seconds."""

    failures: int = 0
    not_before: float = 0.0

    def failed(self, *, now: float) -> bool:
        """Counts a failure; True when waiting for this version has become hopeless."""
        self.failures += 1
        self.not_before = now + min(60.0, 2.0 ** (self.failures - 1))
        return self.failures % HOPELESS_AFTER == 0

    def succeeded(self) -> None:
        """Forgets earlier failures."""
        self.failures = 0
        self.not_before = 0.0
