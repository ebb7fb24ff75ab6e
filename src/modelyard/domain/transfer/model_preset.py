"""Finds the hardware preset that means the same here as another one did elsewhere: a pure rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.tables import Requirement


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a preset stands for; numbers and names of presets mean nothing to another installation."""

    name: str
    cpu_millis: int
    memory_bytes: int
    gpu_units: int
    is_edge: bool = False


def hardware_of(preset: Requirement) -> Hardware:
    """What a preset of this installation stands for."""
    edge = preset.id == EDGE_ID
    return Hardware(preset.name, preset.cpu_millis, preset.memory_bytes, preset.gpu_units, edge)


def is_same(preset: Requirement, wanted: Hardware) -> bool:
    """Whether both allow an engine the same."""
    return _amounts(hardware_of(preset)) == _amounts(wanted)


def choose_preset(wanted: Hardware, presets: Sequence[Requirement]) -> Requirement | None:
    """The preset with the same amounts, or else the smallest that has at least as much of everything."""
    same = [preset for preset in presets if is_same(preset, wanted)]
    if same or wanted.is_edge:
        return next((preset for preset in same if preset.name == wanted.name), same[0] if same else None)
    enough = [
        preset
        for preset in presets
        if preset.id != EDGE_ID
        and preset.cpu_millis >= wanted.cpu_millis
        and preset.memory_bytes >= wanted.memory_bytes
        and preset.gpu_units >= wanted.gpu_units
    ]
    return min(enough, key=lambda one: (one.gpu_units, one.cpu_millis, one.memory_bytes, one.id), default=None)


def _amounts(hardware: Hardware) -> tuple[int, int, int, bool]:
    return hardware.cpu_millis, hardware.memory_bytes, hardware.gpu_units, hardware.is_edge
