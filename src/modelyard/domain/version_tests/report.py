"""The values of a test report: what was measured of one version, and how they are kept as JSON.

Times are milliseconds (`_ms`) or seconds (`_seconds`), sizes are bytes (`_bytes`), and processor time is counted in
cores: 1.0 is one core fully used.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec


class Mode(StrEnum):
    """How the items of a level were sent to the container."""

    ONE_BY_ONE = "one by one"
    """All wait at the platform, and one at a time is sent."""
    CONCURRENT = "concurrent"
    """Each in a call of its own, all at the same time."""
    BATCH = "batch"
    """Several in one call."""


class Problem(StrEnum):
    """What can be wrong with an output."""

    MISSING = "missing"
    UNDECLARED = "undeclared"
    TOO_LARGE = "too large"
    OTHER_MEDIA_TYPE = "other media type"
    INVALID_JSON = "invalid JSON"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of an image, unpacked, and the instruction that made it."""

    size_bytes: int
    created_by: str


@dataclass(frozen=True, slots=True)
class ImageMeasure:
    """The image as the runtime holds it: its size is that of the unpacked files."""

    reference: str
    digest: str
    size_bytes: int
    layer_count: int = 0
    biggest_layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class StartMeasure:
    """One start: until the container's program ran, and from then until its model was ready."""

    start_ms: int
    ready_ms: int
    protocol: str
    batch_size: int = 1

    @property
    def cold_ms(self) -> int:
        """What a call to a sleeping version waits for."""
        return self.start_ms + self.ready_ms


@dataclass(frozen=True, slots=True)
class HardwareMeasure:
    """The preset under which it was measured, and the machine that it ran on."""

    preset_id: int
    preset_name: str
    cpu_millis: int
    memory_bytes: int
    gpu_units: int = 0
    machine_cpus: int = 0
    machine_memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class UseMeasure:
    """What the container used, as its control group counts it, from its start on.

    Args:
        peak_memory_bytes: the most at any moment, file cache included.
        peak_working_memory_bytes: the most that was seen without file cache that can be dropped.
        peak_cores: the most within half a second; None where nothing ran for so long.
    """

    peak_memory_bytes: int
    peak_working_memory_bytes: int
    cpu_seconds: float
    peak_cores: float | None = None


@dataclass(frozen=True, slots=True)
class OutputFinding:
    """One thing that is wrong with an output of the sample."""

    output: str
    problem: Problem
    explanation: str


@dataclass(frozen=True, slots=True)
class Level:
    """The sample input, so many times at once, again and again.

    Args:
        latency_p50_ms: half of the items had their answer in this time, waiting included; None without answers.
        is_complete: False when the measurement ended within this level.
        error_examples: different errors, the first ones.
    """

    at_once: int
    mode: Mode
    explanation: str
    items: int
    calls: int
    errors: int
    seconds: float
    items_per_second: float
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    is_complete: bool = True
    error_examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurements:
    """Everything that is kept of one test. What was not measured is None or empty, and `notes` say why.

    Args:
        ended_early: why the measurement stopped before its end; None when it did not.
    """

    image: ImageMeasure | None = None
    hardware: HardwareMeasure | None = None
    start: StartMeasure | None = None
    use: UseMeasure | None = None
    first_call_ms: int | None = None
    outputs_checked: bool = False
    output_findings: tuple[OutputFinding, ...] = ()
    levels: tuple[Level, ...] = ()
    notes: tuple[str, ...] = ()
    ended_early: str | None = None


def to_json(measurements: Measurements) -> dict[str, Any]:
    """As it is kept in the database."""
    kept: dict[str, Any] = msgspec.to_builtins(measurements)
    return kept


def from_json(kept: dict[str, Any]) -> Measurements:
    """As it was; members that this version does not know are left out."""
    return msgspec.convert(kept, Measurements)
