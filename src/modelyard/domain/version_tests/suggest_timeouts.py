"""Suggests the two timeouts from what a version took in its test; pure rules, and their reasons in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.domain.models.metadata import LONGEST_TIMEOUT_MS
from modelyard.domain.version_tests.report import Level, StartMeasure

STATUS_FACTOR, LEAST_STATUS_MS = 3, 10_000
RUN_FACTOR, LEAST_RUN_MS = 5, 5_000


@dataclass(frozen=True, slots=True)
class TimeoutSuggestion:
    """Milliseconds, and why."""

    milliseconds: int
    reason: str


def suggest_status_timeout(start: StartMeasure) -> TimeoutSuggestion:
    """How long to wait for the model to be ready."""
    reason = f"its model was ready {seconds_text(start.ready_ms)} after its program ran; {STATUS_FACTOR} times that"
    reason += " leaves room for a busy machine and files that are not in memory yet"
    return _suggest(start.ready_ms * STATUS_FACTOR, LEAST_STATUS_MS, reason)


def suggest_run_timeout(first_call_ms: int | None, levels: Sequence[Level]) -> TimeoutSuggestion | None:
    """How long to wait for the answer to one item; None where nothing was answered."""
    alone = next((level.latency_p99_ms for level in levels if level.at_once == 1), None)
    known = {"the first call": first_call_ms, "99 of 100 calls": alone}
    times = {what: time for what, time in known.items() if time is not None}
    if not times:
        return None
    what, slowest = max(times.items(), key=lambda pair: pair[1])
    reason = f"{what} took up to {seconds_text(slowest)} with the sample; {RUN_FACTOR} times that leaves room for"
    reason += " a busy machine and larger inputs"
    return _suggest(slowest * RUN_FACTOR, LEAST_RUN_MS, reason)


def _suggest(wanted: float, least: int, reason: str) -> TimeoutSuggestion:
    """Rounds up to a number that people would choose."""
    if wanted <= least:
        return TimeoutSuggestion(least, f"{reason}, and less than {seconds_text(least)} is never advised")
    step = 1000 if wanted <= 10_000 else 5000 if wanted <= 60_000 else 30_000
    return TimeoutSuggestion(min(LONGEST_TIMEOUT_MS, math.ceil(wanted / step) * step), reason)


def seconds_text(milliseconds: float) -> str:
    """A time for people."""
    return f"{milliseconds:.3g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.3g} s"
