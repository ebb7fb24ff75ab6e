"""Measures the platform and an alternative by turns, so that a busy machine is unfair to both alike."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a run measures; `quick` only shows that the benchmarks work."""

    quick: bool = False

    def of(self, full: int, quick: int = 1) -> int:
        """One of the two numbers."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was measured on both sides; less is better in all units.

    Args:
        goal: what the ratio or the difference should be, in words.
        case: what the same comparisons at several sizes have in common; empty where there is one size.
        size: of how much.
    """

    what: str
    alternative_name: str
    platform: Sequence[float]
    alternative: Sequence[float]
    goal: str = ""
    unit: str = "s"
    case: str = ""
    size: int = 0

    @property
    def ratio(self) -> float:
        """The alternative's median divided by the platform's: 1 is as good, 2 twice as good, 0.5 half as good."""
        return statistics.median(self.alternative) / statistics.median(self.platform)

    @property
    def difference(self) -> float:
        """What the platform needs more than the alternative, by the medians."""
        return statistics.median(self.platform) - statistics.median(self.alternative)


Benchmark = Callable[[Scale], Iterator[Comparison]]
"""Yields each comparison as soon as it is measured, and leaves nothing behind."""


def by_turns(
    repeats: int, platform: Callable[[], T], alternative: Callable[[], T], *, warm_up: bool = False
) -> tuple[list[T], list[T]]:
    """Measures platform, alternative, platform, …; a round for warming up does not count."""
    ours, theirs = [], []
    for _ in range(repeats + warm_up):
        ours.append(platform())
        theirs.append(alternative())
    return ours[warm_up:], theirs[warm_up:]


def percentile(values: Sequence[float], hundredths: int) -> float:
    """The value that so many hundredths of the values do not exceed."""
    return sorted(values)[max(0, -(-len(values) * hundredths // 100) - 1)]
