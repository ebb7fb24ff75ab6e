"""Which timeouts are suggested."""

import pytest

from modelyard.domain.version_tests.load_plan import plan_level
from modelyard.domain.version_tests.load_tally import LoadTally
from modelyard.domain.version_tests.report import Level, StartMeasure
from modelyard.domain.version_tests.suggest_timeouts import (
    seconds_text,
    suggest_run_timeout,
    suggest_status_timeout,
)


def level(at_once: int, latency_ms: float) -> Level:
    tally = LoadTally()
    tally.count(latency_ms, [None])
    return tally.sum_up(plan_level(at_once, protocol="grpc-v2", batch_size=1), 1.0, is_complete=True)


@pytest.mark.parametrize(
    ("ready_ms", "expected"),
    [(0, 10_000), (3_000, 10_000), (4_000, 15_000), (15_000, 45_000), (30_000, 90_000), (100_000_000, 86_400_000)],
)
def test_status_timeout(ready_ms: int, expected: int) -> None:
    suggestion = suggest_status_timeout(StartMeasure(100, ready_ms, "http-v1"))

    assert suggestion.milliseconds == expected
    assert suggestion.reason


@pytest.mark.parametrize(
    ("first_ms", "alone_ms", "expected", "words"),
    [
        (20, 5, 5_000, "the first call took up to 20 ms"),
        (20, 3_000, 15_000, "99 of 100 calls took up to 3 s"),
        (1_500, 5, 8_000, "the first call"),
        (None, 5, 5_000, "99 of 100"),
    ],
)
def test_run_timeout(first_ms: int | None, alone_ms: float, expected: int, words: str) -> None:
    suggestion = suggest_run_timeout(first_ms, [level(1, alone_ms), level(16, 1_000_000)])

    assert suggestion is not None
    assert suggestion.milliseconds == expected
    assert words in suggestion.reason


def test_nothing_was_answered() -> None:
    assert suggest_run_timeout(None, []) is None


@pytest.mark.parametrize(("ms", "text"), [(0.8, "0.8 ms"), (219, "219 ms"), (1000, "1 s"), (90_000, "90 s")])
def test_times_for_people(ms: float, text: str) -> None:
    assert seconds_text(ms) == text
