"""How many engines a version should have, and which ones are too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.domain.engines.wanted import (
    Demand,
    balance,
    surplus_engines,
    wanted_engines,
    within_licences,
)


@pytest.mark.parametrize(
    ("demand", "wanted"),
    [
        (Demand(open_items=0, minimum=0, maximum=3), 0),
        (Demand(open_items=1, minimum=0, maximum=3), 1),
        (Demand(open_items=100, minimum=0, maximum=3), 3),
        (Demand(open_items=100, minimum=0, maximum=30, batch_size=8), 13),
        (Demand(open_items=0, minimum=2, maximum=3), 2),
        (Demand(open_items=5, minimum=2, maximum=1), 2),
        (Demand(open_items=1000, minimum=0, maximum=9, seconds_per_item=0.001), 1),
        (Demand(open_items=1000, minimum=0, maximum=9, seconds_per_item=0.01), 5),
        (Demand(open_items=4, minimum=0, maximum=9, seconds_per_item=60.0), 4),
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


def _of(account: str, licence: int | None, *demands: tuple[int, int, int]) -> list[Demand]:
    return [Demand(*numbers, account=account, licence=licence) for numbers in demands]


@pytest.mark.parametrize(
    ("demands", "wanted"),
    [
        (_of("a", None, (9, 0, 9), (9, 0, 9)), [9, 9]),
        (_of("a", 4, (9, 0, 9), (9, 0, 9)), [2, 2]),
        (_of("a", 5, (9, 0, 9), (1, 0, 9), (9, 0, 1)), [3, 1, 1]),
        (_of("a", 3, (9, 0, 9), (0, 2, 2)), [1, 2]),
        (_of("a", 2, (9, 0, 9), (0, 2, 2), (0, 1, 1)), [0, 1, 1]),
        (_of("a", 0, (9, 1, 9)), [0]),
        (_of("a", 1, (9, 0, 9)) + _of("b", 2, (9, 0, 9)), [1, 2]),
        (_of("a", 9, (0, 0, 9)), [0]),
    ],
)
def test_demand_above_the_licence_waits(demands: list[Demand], wanted: list[int]) -> None:
    assert list(within_licences(dict(enumerate(demands))).values()) == wanted


@pytest.mark.parametrize(
    ("demands", "there", "to_start", "to_free"),
    [
        (_of("a", 4, (9, 0, 9), (9, 0, 9)), {}, {0: 2, 1: 2}, {}),
        (_of("a", 4, (9, 0, 9), (9, 0, 9)), {0: 4}, {0: 0, 1: 0}, {"a": 2}),
        (_of("a", 4, (9, 0, 9), (9, 0, 9)), {0: 3}, {0: 0, 1: 1}, {"a": 1}),
        (_of("a", 4, (9, 0, 2), (0, 2, 2)), {2: 0, 0: 0, 1: 1}, {0: 2, 1: 1}, {}),
        (_of("a", 3, (2, 0, 2), (0, 1, 1), (0, 0, 9)), {2: 2}, {0: 0, 1: 1, 2: 0}, {"a": 2}),
        (_of("a", 2, (9, 0, 9)) + _of("b", 2, (9, 0, 9)), {0: 2}, {0: 0, 1: 2}, {}),
        (_of("a", None, (9, 0, 9)), {0: 4, 7: 2}, {0: 5}, {}),
        (_of("a", 1, (9, 0, 9)), {0: 3}, {0: 0}, {"a": 2}),
    ],
)
def test_engines_that_are_there_count_against_the_licence(
    demands: list[Demand], there: dict[int, int], to_start: dict[int, int], to_free: dict[str, int]
) -> None:
    found = balance(dict(enumerate(demands)), there)

    assert found.to_start == to_start
    assert {account: number for account, number in found.to_free.items() if number} == to_free


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5), st.integers(0, 8), st.integers(0, 12)), max_size=6),
    st.integers(0, 12),
)
def test_no_licence_is_ever_exceeded(rows: list[tuple[int, int, int, int]], licence: int) -> None:
    demands = {
        number: Demand(items, minimum, max(minimum, maximum), account="a", licence=licence)
        for number, (items, minimum, maximum, _) in enumerate(rows)
    }
    there = {number: engines for number, (*_, engines) in enumerate(rows)}
    found = balance(demands, there)

    assert sum(found.wanted.values()) <= licence
    assert sum(found.to_start.values()) <= max(0, licence - sum(there.values()))
    for number, demand in demands.items():
        assert found.wanted[number] <= wanted_engines(demand)
    if sum(demand.minimum for demand in demands.values()) <= licence:
        assert all(found.wanted[number] >= demand.minimum for number, demand in demands.items())


def test_engines_above_the_share_of_the_licence_go_when_they_are_idle() -> None:
    demand = Demand(9, 0, 9)

    assert surplus_engines(demand, {"a": 9.0, "b": 1.0, "c": 0.0}, idle_seconds=5, wanted=1) == ["a"]
    assert surplus_engines(demand, {"a": 9.0, "b": 1.0, "c": 0.0}, idle_seconds=0, wanted=1) == ["a", "b"]
