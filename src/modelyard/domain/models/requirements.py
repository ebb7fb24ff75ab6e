"""Hardware presets: the ones every installation has, sized after the machine, and looking them up."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import InvalidInput
from modelyard.domain.models.tables import Requirement

DEFAULT_ID = 1
GPU_ID = -6
EDGE_ID = -99
"""Runs on an edge device: the image is held, but not tested or run here."""
LEGACY_DEFAULT_ID = -3
GIGABYTE = 1_000_000_000
_LARGEST_ID = 2**31
"""Databases refuse numbers that are much larger."""

_SIZES = ((1, 1000, 1), (2, 1000, 2), (3, 2000, 4), (4, 4000, 8), (5, 8000, 16), (6, 16000, 64))


class RequirementUnknown(InvalidInput):
    """There is no such preset."""

    def __init__(self, wanted: object, known: list[int]) -> None:
        super().__init__(f"There is no hardware preset {str(wanted)[:40]}; the presets of this account are {known}.")


def presets_for(cpus: int, memory_bytes: int, gpus: int) -> list[Requirement]:
    """Presets that this machine can run at least once; the smallest is there in any case.

    Args:
        cpus: cores of the machine.
        gpus: whether a preset with a graphics processor makes sense.
    """
    presets = [
        _preset(identifier, f"{millis // 1000} CPU, {gigabytes} GB", millis, gigabytes, gpu=0)
        for identifier, millis, gigabytes in _SIZES
        if identifier == DEFAULT_ID or (millis <= cpus * 1000 and gigabytes * GIGABYTE <= memory_bytes)
    ]
    gpu = _preset(GPU_ID, "GPU", min(4, cpus) * 1000, max(1, min(16, memory_bytes // GIGABYTE // 2)), gpu=1)
    gpu.is_active = gpus > 0
    edge = _preset(EDGE_ID, "Edge device", 1000, 1, gpu=0)
    edge.is_active = False
    return [*presets, gpu, edge]


def _preset(identifier: int, name: str, cpu_millis: int, gigabytes: int, *, gpu: int) -> Requirement:
    return Requirement(
        id=identifier,
        name=name,
        description="",
        gpu_units=gpu,
        cpu_millis=cpu_millis,
        memory_bytes=gigabytes * GIGABYTE,
        is_active=True,
    )


async def create_presets(session: AsyncSession, *, cpus: int, memory_bytes: int, gpus: int) -> None:
    """Creates the presets unless there are some."""
    if not (await session.execute(select(Requirement.id).limit(1))).first():
        session.add_all(presets_for(cpus, memory_bytes, gpus))


async def list_presets(session: AsyncSession) -> list[Requirement]:
    """The presets that may be chosen, smallest first."""
    rows = await session.scalars(
        select(Requirement).where(Requirement.is_active).order_by(Requirement.cpu_millis, Requirement.memory_bytes)
    )
    return list(rows)


async def find_preset(session: AsyncSession, wanted: int) -> Requirement:
    """A preset by number; the well-known numbers of existing clients are always accepted."""
    identifier = DEFAULT_ID if wanted == LEGACY_DEFAULT_ID else wanted
    found = await session.get(Requirement, identifier) if abs(identifier) < _LARGEST_ID else None
    if found is None or not (found.is_active or wanted in {GPU_ID, EDGE_ID}):
        raise RequirementUnknown(wanted, [preset.id for preset in await list_presets(session)])
    return found
