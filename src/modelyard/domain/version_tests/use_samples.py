"""Makes the use of memory and processor out of readings of a container's control group; pure rules."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.adapters.runtimes.base import ResourceUse
from modelyard.domain.version_tests.report import UseMeasure

SHORTEST_INTERVAL = 0.2
"""Seconds. Between readings that lie closer together a share of the processor says nothing."""


@dataclass(frozen=True, slots=True)
class UseSample:
    """One reading, and when it was taken: seconds of a clock that only goes forward."""

    at: float
    use: ResourceUse


def sum_up_use(samples: Sequence[UseSample]) -> UseMeasure | None:
    """The use over all readings, in their order; None without any."""
    if not samples:
        return None
    return UseMeasure(
        peak_memory_bytes=max(max(sample.use.peak_memory_bytes, sample.use.memory_bytes) for sample in samples),
        peak_working_memory_bytes=max(sample.use.memory_bytes for sample in samples),
        cpu_seconds=round(max(sample.use.cpu_seconds for sample in samples), 3),
        peak_cores=peak_cores(samples),
    )


def peak_cores(samples: Sequence[UseSample]) -> float | None:
    """The most cores used between two readings; None when no two lie far enough apart."""
    shares = []
    last = samples[0]
    for sample in samples[1:]:
        seconds = sample.at - last.at
        if seconds >= SHORTEST_INTERVAL:
            shares.append(max(0.0, sample.use.cpu_seconds - last.use.cpu_seconds) / seconds)
            last = sample
    return round(max(shares), 2) if shares else None
