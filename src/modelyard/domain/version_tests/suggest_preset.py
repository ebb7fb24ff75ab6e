"""Suggests a hardware preset from what a version used in its test; a pure rule, and its reason in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.domain.version_tests.report import HardwareMeasure, UseMeasure

MEMORY_HEADROOM = 1.3
"""Who runs out of memory dies, so there is more to spare than of the processor, which only makes slower."""
CPU_HEADROOM = 1.1
_FULL = 0.98
"""From this share of its limit on, memory counts as full."""
_SATURATED = 0.95


@dataclass(frozen=True, slots=True)
class PresetOption:
    """A preset that may be chosen."""

    preset_id: int
    name: str
    cpu_millis: int
    memory_bytes: int
    gpu_units: int = 0


@dataclass(frozen=True, slots=True)
class PresetSuggestion:
    """The smallest preset that is enough; None where there is none."""

    preset: PresetOption | None
    reason: str


def suggest_preset(
    options: Sequence[PresetOption], use: UseMeasure, measured_with: HardwareMeasure
) -> PresetSuggestion:
    """Chooses among the presets that the caller may use. Memory has to be enough; the processor should be."""
    memory, memory_text = _memory_needed(use, measured_with)
    millis, cpu_text = _cpu_needed(use, measured_with)
    needs = f"{memory_text}; {cpu_text}"
    gpus = measured_with.gpu_units
    roomy = [one for one in options if one.memory_bytes >= memory and one.gpu_units >= gpus]
    if not roomy:
        wanted = f"{size_text(memory)}" + (f" and {gpus} GPU" if gpus else "")
        return PresetSuggestion(None, f"{needs}. No active preset has {wanted}; ask an administrator for one.")
    fast = [one for one in roomy if one.cpu_millis >= millis]
    if fast:
        best = min(fast, key=_size)
        return PresetSuggestion(best, f"{needs}. {best.name!r} is the smallest preset with as much.")
    best = min(roomy, key=lambda one: (one.gpu_units, -one.cpu_millis, one.memory_bytes, one.preset_id))
    return PresetSuggestion(
        best, f"{needs}. No preset has that many cores; {best.name!r} has the most, and fewer only make it slower."
    )


def _size(option: PresetOption) -> tuple[int, int, int, int]:
    return option.gpu_units, option.cpu_millis, option.memory_bytes, option.preset_id


def _memory_needed(use: UseMeasure, hardware: HardwareMeasure) -> tuple[float, str]:
    """Bytes, and why. Files that were read stay in memory as long as there is room, and so can fill any."""
    peak, what = use.peak_memory_bytes, "Its peak memory was"
    if peak >= _FULL * hardware.memory_bytes and use.peak_working_memory_bytes < peak:
        peak, what = use.peak_working_memory_bytes, "File cache filled its memory; without that it was"
    needed = peak * MEMORY_HEADROOM
    return needed, f"{what} {size_text(peak)}, with {MEMORY_HEADROOM * 100 - 100:.0f} % to spare {size_text(needed)}"


def _cpu_needed(use: UseMeasure, hardware: HardwareMeasure) -> tuple[float, str]:
    """Thousandths of a core, and why."""
    if use.peak_cores is None:
        return 0, "its share of the processor could not be measured"
    needed = use.peak_cores * CPU_HEADROOM
    text = f"it used {use.peak_cores:.2g} cores at most, with {CPU_HEADROOM * 100 - 100:.0f} % to spare {needed:.2g}"
    if use.peak_cores * 1000 >= _SATURATED * hardware.cpu_millis:
        text += f" (all that {hardware.preset_name!r} gives: whether more makes it faster, only a test with more shows)"
    return needed * 1000, text


def size_text(size: float) -> str:
    """A size for people; units count in steps of 1000."""
    if size >= 999.5e6:
        return f"{size / 1e9:.3g} GB"
    return f"{size / 1e6:.3g} MB" if size >= 999.5e3 else f"{size / 1e3:.3g} kB"
