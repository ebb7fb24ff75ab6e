"""Measuring by turns, and what is made of the values."""

from benchmarks.turns import Comparison, by_turns, percentile


def test_sides_are_measured_alternately() -> None:
    order: list[str] = []

    ours, theirs = by_turns(2, lambda: order.append("ours"), lambda: order.append("theirs"), warm_up=True)

    assert order == ["ours", "theirs"] * 3
    assert (len(ours), len(theirs)) == (2, 2), "the round for warming up must not count"


def test_ratio_says_how_good_we_are() -> None:
    comparison = Comparison("start", "plain tool", platform=[4.0, 2.0, 9.0], alternative=[1.0, 2.0, 3.0])

    assert comparison.ratio == 0.5
    assert comparison.difference == 2.0


def test_percentile_is_a_measured_value() -> None:
    values = [float(number) for number in range(1, 101)]

    assert percentile(values, 99) == 99.0
    assert percentile([7.0], 99) == 7.0
