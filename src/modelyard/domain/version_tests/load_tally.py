"""Counts answers and times of one level, and sums them up; pure rules."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from modelyard.domain.version_tests.load_plan import LevelPlan
from modelyard.domain.version_tests.report import Level

MOST_ERROR_EXAMPLES = 3
LONGEST_ERROR_EXAMPLE = 300


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed (nearest rank).

    Args:
        sorted_values: at least one, in rising order.
        share: above 0, up to 1.
    """
    return sorted_values[max(0, math.ceil(share * len(sorted_values)) - 1)]


@dataclass(slots=True)
class LoadTally:
    """What a level has counted so far."""

    latencies_ms: list[float] = field(default_factory=list)
    """Of each item that has an answer, good or bad."""
    calls: int = 0
    errors: int = 0
    error_examples: list[str] = field(default_factory=list)

    def count(self, latency_ms: float, errors: Sequence[str | None]) -> None:
        """Counts a call. `errors` has one entry for each of its items; None is a good answer."""
        self.calls += 1
        self.latencies_ms += [latency_ms] * len(errors)
        for error in errors:
            if error is not None:
                self._count_error(error)

    def _count_error(self, error: str) -> None:
        self.errors += 1
        text = error[:LONGEST_ERROR_EXAMPLE]
        if text not in self.error_examples and len(self.error_examples) < MOST_ERROR_EXAMPLES:
            self.error_examples.append(text)

    def sum_up(self, plan: LevelPlan, seconds: float, *, is_complete: bool) -> Level:
        """The level in numbers; `seconds` from its first call to its last answer."""
        ordered = sorted(self.latencies_ms)
        p50, p95, p99 = (round(percentile(ordered, share), 2) if ordered else None for share in (0.5, 0.95, 0.99))
        return Level(
            at_once=plan.at_once,
            mode=plan.mode,
            explanation=plan.explanation,
            items=len(ordered),
            calls=self.calls,
            errors=self.errors,
            seconds=round(seconds, 3),
            items_per_second=round(len(ordered) / seconds, 2) if seconds > 0 else 0.0,
            latency_p50_ms=p50,
            latency_p95_ms=p95,
            latency_p99_ms=p99,
            is_complete=is_complete,
            error_examples=tuple(self.error_examples),
        )
