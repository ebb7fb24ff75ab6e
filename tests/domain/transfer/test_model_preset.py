"""Presets are found by what they mean."""

import pytest

from modelyard.domain.models.requirements import DEFAULT_ID, EDGE_ID, GIGABYTE, presets_for
from modelyard.domain.transfer.model_preset import Hardware, choose_preset, hardware_of, is_same

PRESETS = presets_for(cpus=8, memory_bytes=16 * GIGABYTE, gpus=1)


def hardware(cpu: int, gigabytes: int, gpu: int = 0, *, name: str = "theirs", is_edge: bool = False) -> Hardware:
    return Hardware(name, cpu, gigabytes * GIGABYTE, gpu, is_edge)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_each_preset_finds_itself(preset: object) -> None:
    known = next(one for one in PRESETS if one is preset)
    assert choose_preset(hardware_of(known), PRESETS) is known


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (hardware(1000, 1), DEFAULT_ID),
        (hardware(1, 1), DEFAULT_ID),
        (hardware(1500, 2), 3),
        (hardware(1000, 3), 3),
        (hardware(3000, 8), 4),
        (hardware(9000, 8), None),
        (hardware(1000, 64), None),
        (hardware(1000, 1, 2), None),
        (hardware(1, 1, is_edge=True), None),
        (hardware(1000, 1, is_edge=True), EDGE_ID),
    ],
)
def test_the_same_or_the_smallest_that_has_as_much(wanted: Hardware, found: int | None) -> None:
    chosen = choose_preset(wanted, PRESETS)
    assert (chosen.id if chosen else None) == found


def test_a_processor_is_not_a_graphics_processor() -> None:
    gpu = choose_preset(hardware(1000, 1, 1), PRESETS)
    assert gpu is not None
    assert gpu.gpu_units == 1
    assert not is_same(gpu, hardware(gpu.cpu_millis, 1))
