"""Hardware presets: the ones every installation has, sized after the machine, and looking them up."""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import InvalidInput
from modelyard.domain.models.tables import AccountRequirement, ModelRequirement, Requirement

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
    """There is no such preset, or it is not for this account and model."""

    def __init__(self, wanted: object, known: list[int]) -> None:
        super().__init__(
            f"There is no hardware preset {str(wanted)[:40]}; the presets that can be chosen here are {known}."
        )


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


def choosable(account_id: str, model_id: str | None = None) -> ColumnElement[bool]:
    """The rows of `requirements` that are for an account, or for one model: those for all, and those assigned."""
    ways = [
        Requirement.is_for_all.is_(True),
        select(AccountRequirement.account_id)
        .where(AccountRequirement.requirement_id == Requirement.id, AccountRequirement.account_id == account_id)
        .exists(),
    ]
    if model_id is not None:
        ways.append(
            select(ModelRequirement.model_id)
            .where(ModelRequirement.requirement_id == Requirement.id, ModelRequirement.model_id == model_id)
            .exists()
        )
    return or_(*ways)


async def list_presets(session: AsyncSession, account_id: str, model_id: str | None = None) -> list[Requirement]:
    """The presets that may be chosen in an account, or for a model of it, smallest first."""
    rows = await session.scalars(
        select(Requirement)
        .where(Requirement.is_active, choosable(account_id, model_id))
        .order_by(Requirement.cpu_millis, Requirement.memory_bytes, Requirement.id)
    )
    return list(rows)


async def find_preset(
    session: AsyncSession, wanted: int, *, account_id: str, model_id: str, current: int | None = None
) -> Requirement:
    """A preset by number, when it is for the account or the model. The well-known numbers need not be active.

    Args:
        current: what the version has already; it may keep that, whatever has become of it.

    Raises RequirementUnknown.
    """
    identifier = DEFAULT_ID if wanted == LEGACY_DEFAULT_ID else wanted
    if abs(identifier) < _LARGEST_ID:
        may_choose = choosable(account_id, model_id)
        if identifier not in {GPU_ID, EDGE_ID}:
            may_choose = and_(may_choose, Requirement.is_active)
        query = select(Requirement).where(Requirement.id == identifier)
        found = await session.scalar(query if identifier == current else query.where(may_choose))
        if found is not None:
            return found
    raise RequirementUnknown(wanted, [preset.id for preset in await list_presets(session, account_id, model_id)])
