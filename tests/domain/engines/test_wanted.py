"""How many engines a version should have, which ones are too many, and when a start is tried again."""

import pytest

from modelyard.domain.engines.wanted import HOPELESS_AFTER, Demand, StartRecord, surplus_engines, wanted_engines


@pytest.mark.parametrize(
    ("demand", "wanted"),
    [
        (Demand(open_items=0, minimum=0, maximum=3), 0),
        (Demand(open_items=1, minimum=0, maximum=3), 1),
        (Demand(open_items=100, minimum=0, maximum=3), 3),
        (Demand(open_items=100, minimum=0, maximum=30, batch_size=8), 13),
        (Demand(open_items=0, minimum=2, maximum=3), 2),
        (Demand(open_items=5, minimum=2, maximum=1), 2),
    ],
)
def test_as_many_as_the_open_items_keep_busy(demand: Demand, wanted: int) -> None:
    assert wanted_engines(demand) == wanted


@pytest.mark.parametrize(
    ("demand", "idle", "surplus"),
    [
        (Demand(0, 0, 2), {"a": 3.0}, []),
        (Demand(0, 0, 2), {"a": 5.0}, ["a"]),
        (Demand(0, 1, 2), {"a": 7.0, "b": 9.0}, ["b"]),
        (Demand(0, 1, 2), {"a": 9.0}, []),
        (Demand(1, 0, 3), {"a": 0.0, "b": 9.0, "c": 6.0}, ["b", "c"]),
        (Demand(1, 0, 3), {"a": 0.0, "b": 0.0}, []),
        (Demand(0, 0, 0), {"a": 0.1, "b": 0.0}, ["a"]),
        (Demand(9, 0, 1), {"a": 0.1, "b": 0.2}, ["b"]),
    ],
)
def test_idle_engines_above_what_is_wanted_go(demand: Demand, idle: dict[str, float], surplus: list[str]) -> None:
    assert surplus_engines(demand, idle, idle_seconds=5) == surplus


def test_failed_starts_are_tried_again_later_and_later() -> None:
    record = StartRecord()

    outcomes = [record.failed(now=100) for _ in range(HOPELESS_AFTER)]

    assert outcomes == [False, False, True]
    assert record.not_before == 104
    record.succeeded()
    assert (record.failures, record.not_before) == (0, 0)
