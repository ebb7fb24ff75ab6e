"""What a report says of a version's image and hardware before anything runs."""

import asyncio
from typing import Any

from modelyard.adapters.runtimes.base import Runtime
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests.report import (
    HardwareMeasure,
    ImageMeasure,
    Layer,
    Measurements,
    StartMeasure,
)

MOST_LAYERS = 5
_LAYERS_SECONDS = 10.0


async def measure_facts(runtime: Runtime, version: Version) -> Measurements:
    """Image with its biggest layers, preset and machine. What the runtime does not tell is a note."""
    notes: list[str] = []
    layers: dict[str, Any] = {}
    machine: dict[str, int] = {}
    image = image_of(version)
    try:
        async with asyncio.timeout(_LAYERS_SECONDS):
            facts = await runtime.facts()
            machine = {"machine_cpus": facts.cpus, "machine_memory_bytes": facts.memory_bytes}
            layers = await _layers(runtime, version)
    except PlatformError as error:
        notes.append(f"The layers of the image are not known: {error.message}")
    except TimeoutError:
        notes.append("The layers of the image are not known: the container runtime took too long to tell them.")
    if image is not None:
        image = ImageMeasure(image.reference, image.digest, image.size_bytes, **layers)
    return Measurements(image=image, hardware=_hardware(version, machine), notes=tuple(notes))


def image_of(version: Version) -> ImageMeasure | None:
    """What the version's row says of its image; None without one."""
    image = version.image
    return ImageMeasure(image.reference, image.digest or "", image.size or 0) if image is not None else None


def start_of(engine: RunningEngine) -> StartMeasure:
    """The start of an engine that is ready."""
    return StartMeasure(engine.start_ms, engine.ready_ms, engine.protocol_name, max(1, engine.facts.batch_size))


async def _layers(runtime: Runtime, version: Version) -> dict[str, Any]:
    if version.image is None or version.image.image_id is None:
        return {}
    layers = [layer for layer in await runtime.image_layers(version.image.image_id) if layer.size > 0]
    biggest = sorted(layers, key=lambda layer: -layer.size)[:MOST_LAYERS]
    return {
        "layer_count": len(layers),
        "biggest_layers": tuple(Layer(layer.size, layer.created_by) for layer in biggest),
    }


def _hardware(version: Version, machine: dict[str, int]) -> HardwareMeasure | None:
    preset = version.requirement
    if preset is None:
        return None
    return HardwareMeasure(preset.id, preset.name, preset.cpu_millis, preset.memory_bytes, preset.gpu_units, **machine)
