"""Suggests how many engines to keep and to allow; a pure rule, and its reasons in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.domain.version_tests.report import HardwareMeasure, Level, StartMeasure
from modelyard.domain.version_tests.suggest_timeouts import seconds_text

LONGEST_COLD_START_MS = 10_000
"""Callers wait this long for a sleeping version; beyond, one engine is better kept running."""
MOST_SUGGESTED = 8


@dataclass(frozen=True, slots=True)
class EngineSuggestion:
    """Minimum and maximum, each with its reason."""

    minimum: int
    minimum_reason: str
    maximum: int
    maximum_reason: str


def suggest_engines(start: StartMeasure, hardware: HardwareMeasure, levels: Sequence[Level]) -> EngineSuggestion:
    """Engines for this machine."""
    wait = seconds_text(start.cold_ms)
    if start.cold_ms <= LONGEST_COLD_START_MS:
        minimum, why = 0, f"a sleeping version answers after {wait}, so none has to be kept running"
    else:
        minimum, why = 1, f"a call to a sleeping version would wait {wait}, so one is better kept running"
    room = engines_that_fit(hardware)
    maximum = max(1, minimum, min(room, MOST_SUGGESTED))
    return EngineSuggestion(minimum, why, maximum, _maximum_reason(hardware, room, levels))


def engines_that_fit(hardware: HardwareMeasure) -> int:
    """How many engines of the preset have their memory and cores on the machine for themselves; 0 where none has."""
    if not hardware.memory_bytes or not hardware.cpu_millis:
        return 0
    return min(
        hardware.machine_memory_bytes // hardware.memory_bytes, hardware.machine_cpus * 1000 // hardware.cpu_millis
    )


def _maximum_reason(hardware: HardwareMeasure, room: int, levels: Sequence[Level]) -> str:
    machine = f"this machine ({hardware.machine_cpus} cores, {hardware.machine_memory_bytes / 1e9:.1f} GB)"
    text = f"{machine} has room for {room} engines of {hardware.preset_name!r}"
    if room < 1:
        text = f"{machine} has no room for a whole engine of {hardware.preset_name!r} beside others"
    if room > MOST_SUGGESTED:
        text += f", more than {MOST_SUGGESTED} are advised only where they are needed"
    fastest = max(levels, key=lambda level: level.items_per_second, default=None)
    if fastest is not None and fastest.items_per_second:
        text += (
            f"; one answered {rate_text(fastest.items_per_second)} items a second at most ({fastest.at_once} at once)"
        )
    return text


def rate_text(per_second: float) -> str:
    """A rate for people."""
    return f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.3g}"
