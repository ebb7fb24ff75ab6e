"""Peaks out of readings of a control group."""

import pytest

from modelyard.adapters.runtimes.base import ResourceUse
from modelyard.domain.version_tests.use_samples import UseSample, peak_cores, sum_up_use


def sample(at: float, cpu_seconds: float, *, memory: int = 10, peak: int = 20) -> UseSample:
    return UseSample(at, ResourceUse(memory, peak, cpu_seconds))


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([(0.0, 0.0)], None),
        ([(0.0, 0.0), (0.1, 0.1)], None),  # too close together
        ([(0.0, 0.0), (0.5, 0.25)], 0.5),
        ([(0.0, 0.0), (0.1, 0.1), (0.5, 0.25)], 0.5),  # the one in between is skipped
        ([(0.0, 0.0), (1.0, 0.2), (2.0, 2.2), (3.0, 2.3)], 2.0),
        ([(0.0, 5.0), (1.0, 1.0)], 0.0),  # a counter that began anew
    ],
)
def test_peak_cores(readings: list[tuple[float, float]], expected: float | None) -> None:
    assert peak_cores([sample(at, cpu) for at, cpu in readings]) == expected


def test_the_peak_is_the_kernels_or_what_was_seen() -> None:
    use = sum_up_use([sample(0, 1.0, memory=10, peak=50), sample(1, 1.5, memory=60, peak=50)])

    assert use is not None
    assert (use.peak_memory_bytes, use.peak_working_memory_bytes, use.cpu_seconds) == (60, 60, 1.5)


def test_without_readings_nothing_is_known() -> None:
    assert sum_up_use([]) is None
