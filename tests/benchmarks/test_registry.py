"""How often something is measured."""

import pytest

from benchmarks.registry import repeats_of


@pytest.mark.parametrize(("seconds", "times"), [(0.001, 100), (0.6, 50), (3.0, 10), (60.0, 5)])
def test_what_takes_long_is_measured_less_often(seconds: float, times: int) -> None:
    assert repeats_of(seconds) == times
