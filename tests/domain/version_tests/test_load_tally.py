"""Percentiles, throughput and errors of a level."""

import pytest

from modelyard.domain.version_tests.load_plan import plan_level
from modelyard.domain.version_tests.load_tally import LoadTally, percentile

PLAN = plan_level(4, protocol="grpc-v2", batch_size=1)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7.0], 0.5, 7.0),
        ([7.0], 0.99, 7.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([1.0, 2.0, 3.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.95, 95.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 101)], 1.0, 100.0),
    ],
)
def test_percentile(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_items_count_each_with_the_time_of_their_call() -> None:
    tally = LoadTally()
    tally.count(10.0, [None, None])
    tally.count(30.0, [None, "it broke"])
    level = tally.sum_up(PLAN, 2.0, is_complete=True)

    assert (level.calls, level.items, level.errors, level.error_examples) == (2, 4, 1, ("it broke",))
    assert (level.latency_p50_ms, level.latency_p99_ms) == (10.0, 30.0)
    assert (level.items_per_second, level.seconds) == (2.0, 2.0)


def test_nothing_answered() -> None:
    level = LoadTally().sum_up(PLAN, 0.0, is_complete=False)

    assert (level.items, level.items_per_second, level.latency_p50_ms, level.is_complete) == (0, 0.0, None, False)


def test_error_examples_are_few_different_and_short() -> None:
    tally = LoadTally()
    for text in ("a", "a", "b", "c" * 1000, "d"):
        tally.count(1.0, [text])
    level = tally.sum_up(PLAN, 1.0, is_complete=True)

    assert level.errors == 5
    assert [error[:1] for error in level.error_examples] == ["a", "b", "c"]
    assert len(level.error_examples[2]) == 300
