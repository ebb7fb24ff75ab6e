"""Management of hardware presets: create, change, and say whom they are for.

All accounts share them, so only who administers all of them changes any.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict, InvalidInput, NotFound
from modelyard.domain.accounts.actor import Actor, require, require_everywhere
from modelyard.domain.accounts.naming import check_name
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.tables import Account
from modelyard.domain.audit.changes import before_and_after, record_change
from modelyard.domain.audit.record import record
from modelyard.domain.models.amounts import read_cpu, read_memory
from modelyard.domain.models.requirements import choosable
from modelyard.domain.models.tables import (
    AccountRequirement,
    Model,
    ModelRequirement,
    Requirement,
    Version,
    VersionStatus,
)

FIRST_ID = 100
"""Lower numbers are those of the presets that every installation has."""
MOST_GPUS = 64
MOST_ASSIGNED = 1000
_LONGEST = {"name": 100, "description": 500, "storage": 40, "price": 40, "instance_type": 100}
_HARDWARE = ("cpu_millis", "memory_bytes", "gpu_units")
_WORDS = {"ACTIVE": True, "INACTIVE": False}
_AS_WRITTEN = {"instance_type": "instanceType"}


class PresetNotFound(NotFound):
    """There is no such preset."""

    def __init__(self, preset_id: int) -> None:
        super().__init__(f"There is no hardware preset {str(preset_id)[:20]}.")


class PresetRejected(InvalidInput):
    """The preset makes no sense as it was asked for."""


class PresetInUse(Conflict):
    """Versions were tested with the hardware of the preset."""

    def __init__(self, preset_id: int, versions: Sequence[str]) -> None:
        named = ", ".join(versions[:5]) + (" and others" if len(versions) > 5 else "")
        super().__init__(
            f"The hardware of preset {preset_id} cannot change, because versions were tested with it or run on it: "
            f"{named}. Create another preset, and make this one INACTIVE."
        )


class PresetStays(Conflict):
    """Versions refer to the preset, or it comes with every installation."""

    def __init__(self, preset_id: int, reason: str) -> None:
        super().__init__(f"Preset {preset_id} cannot be deleted, because {reason}. Make it INACTIVE instead.")


class AssigneeUnknown(InvalidInput):
    """A preset can only be assigned to what is there."""

    def __init__(self, kind: str, unknown: Sequence[str]) -> None:
        super().__init__(f"{kind}: these are unknown: {', '.join(repr(name[:40]) for name in unknown[:10])}.")


@dataclass(frozen=True, slots=True)
class PresetChanges:
    """What to set of a preset; None leaves it as it is. Amounts as people write them."""

    name: str | None = None
    description: str | None = None
    gpu_units: int | None = None
    cpu: str | None = None
    memory: str | None = None
    storage: str | None = None
    price: str | None = None
    instance_type: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class PresetFacts:
    """A preset and the identifiers of whom it is for; without any it is for all."""

    preset: Requirement
    accounts: Sequence[str]
    models: Sequence[str]


async def list_all(session: AsyncSession, actor: Actor) -> list[PresetFacts]:
    """All presets, or those for the actor's account; the inactive ones too, smallest first."""
    require(actor, Permission.READ_PRESETS)
    query = select(Requirement).where(_readable(actor))
    order = (Requirement.cpu_millis, Requirement.memory_bytes, Requirement.id)
    return await _with_assignments(session, actor, list(await session.scalars(query.order_by(*order))))


async def create_preset(session: AsyncSession, clock: Clock, actor: Actor, wanted: PresetChanges) -> PresetFacts:
    """A further preset, for all until it is assigned. Raises PresetRejected, AmountRejected, NameRejected."""
    require_everywhere(actor, Permission.MANAGE_PRESETS)
    if wanted.name is None or wanted.cpu is None or wanted.memory is None:
        raise PresetRejected("A preset needs a name, a cpuAmount and a memoryAmount.")
    highest: int = await session.scalar(select(func.max(Requirement.id))) or 0
    given = {"description": "", "gpu_units": 0, "is_active": True} | _columns(wanted)
    preset = Requirement(id=max(FIRST_ID, highest + 1), is_for_all=True, **given)
    session.add(preset)
    record(session, clock, actor, "preset:created", f"preset/{preset.id}", after=given)
    await session.flush()
    return PresetFacts(preset, [], [])


async def change_preset(
    session: AsyncSession, clock: Clock, actor: Actor, preset_id: int, changes: PresetChanges
) -> PresetFacts:
    """Changes a preset. An inactive one cannot be chosen any more; versions that have it keep it.

    Raises PresetNotFound, PresetRejected, AmountRejected, NameRejected, PresetInUse.
    """
    preset = await _find(session, actor, preset_id)
    before, changed = before_and_after(preset, _columns(changes))
    if any(column in changed for column in _HARDWARE) and (users := await _tested_versions(session, preset.id)):
        raise PresetInUse(preset.id, users)
    for column, value in changed.items():
        setattr(preset, column, value)
    record_change(session, clock, actor, "preset:changed", f"preset/{preset.id}", before, changed)
    await session.flush()
    return (await _with_assignments(session, actor, [preset]))[0]


async def delete_preset(session: AsyncSession, clock: Clock, actor: Actor, preset_id: int) -> None:
    """Deletes a preset that no version has, with its assignments. Raises PresetNotFound, PresetStays."""
    preset = await _find(session, actor, preset_id)
    if preset.id < FIRST_ID:
        raise PresetStays(preset.id, "every installation has it")
    if await session.scalar(select(Version.id).where(Version.requirement_id == preset.id).limit(1)) is not None:
        raise PresetStays(preset.id, "versions have it, be it deleted ones that can be restored")
    for table, *_ in _TABLES.values():
        await session.execute(delete(table).where(table.requirement_id == preset.id))
    before = {"name": preset.name, **{column: getattr(preset, column) for column in _HARDWARE}}
    await session.delete(preset)
    record(session, clock, actor, "preset:deleted", f"preset/{preset.id}", before=before)
    await session.flush()


async def find_managed(session: AsyncSession, actor: Actor, preset_id: int) -> PresetFacts:
    """A preset for somebody who is about to change it. Raises PresetNotFound."""
    return (await _with_assignments(session, actor, [await _find(session, actor, preset_id)]))[0]


async def assign_accounts(
    session: AsyncSession, clock: Clock, actor: Actor, preset_id: int, accounts: Sequence[str]
) -> PresetFacts:
    """Sets the accounts that a preset is for, beside its models. Raises PresetNotFound, AssigneeUnknown."""
    return await _assign(session, clock, actor, preset_id, "accounts", accounts)


async def assign_models(
    session: AsyncSession, clock: Clock, actor: Actor, preset_id: int, models: Sequence[str]
) -> PresetFacts:
    """Sets the models that a preset is for, beside its accounts. Raises PresetNotFound, AssigneeUnknown."""
    return await _assign(session, clock, actor, preset_id, "models", models)


_TABLES: dict[str, tuple[Any, Any, Any]] = {
    "accounts": (AccountRequirement, AccountRequirement.account_id, Account.id),
    "models": (ModelRequirement, ModelRequirement.model_id, Model.id),
}


async def _assign(
    session: AsyncSession, clock: Clock, actor: Actor, preset_id: int, kind: str, wanted: Sequence[str]
) -> PresetFacts:
    preset = await _find(session, actor, preset_id)
    wanted = list(dict.fromkeys(wanted))
    if len(wanted) > MOST_ASSIGNED:
        raise PresetRejected(f"{kind}: at most {MOST_ASSIGNED}.")
    table, column, identifier = _TABLES[kind]
    known = set(await session.scalars(select(identifier).where(identifier.in_(wanted))))
    if unknown := [name for name in wanted if name not in known]:
        raise AssigneeUnknown(kind, unknown)
    (before,) = await _with_assignments(session, actor, [preset])
    await session.execute(delete(table).where(table.requirement_id == preset.id))
    session.add_all(table(**{"requirement_id": preset.id, column.key: name}) for name in wanted)
    await session.flush()
    (after,) = await _with_assignments(session, actor, [preset])
    preset.is_for_all = not after.accounts and not after.models
    if getattr(before, kind) != getattr(after, kind):
        facts = {"before": {kind: list(getattr(before, kind))}, "after": {kind: list(getattr(after, kind))}}
        record(session, clock, actor, "preset:assigned", f"preset/{preset.id}", **facts)
    await session.flush()
    return after


async def _find(session: AsyncSession, actor: Actor, preset_id: int) -> Requirement:
    """The preset, locked for others who change it."""
    require_everywhere(actor, Permission.MANAGE_PRESETS)
    query = select(Requirement).where(Requirement.id == preset_id).with_for_update()
    preset = await session.scalar(query) if abs(preset_id) < 2**31 else None
    if preset is None:
        raise PresetNotFound(preset_id)
    return preset


def _readable(actor: Actor) -> ColumnElement[bool]:
    if actor.reach(Permission.READ_PRESETS) == Reach.INSTALLATION:
        return true()
    own = select(ModelRequirement.requirement_id).join(Model, Model.id == ModelRequirement.model_id)
    return or_(choosable(actor.account_id), Requirement.id.in_(own.where(Model.account_id == actor.account_id)))


async def _with_assignments(session: AsyncSession, actor: Actor, presets: Sequence[Requirement]) -> list[PresetFacts]:
    """Adds whom the presets are for, as far as the actor may know of them."""
    sees_all = Reach.INSTALLATION in {actor.reach(Permission.READ_PRESETS), actor.reach(Permission.MANAGE_PRESETS)}
    own_account = true() if sees_all else AccountRequirement.account_id == actor.account_id
    own_model = true() if sees_all else Model.account_id == actor.account_id
    ids = [preset.id for preset in presets]
    queries = {
        "accounts": select(AccountRequirement.requirement_id, AccountRequirement.account_id).where(own_account),
        "models": select(ModelRequirement.requirement_id, ModelRequirement.model_id)
        .join(Model, Model.id == ModelRequirement.model_id)
        .where(own_model),
    }
    assigned: dict[str, defaultdict[int, list[str]]] = {}
    for kind, query in queries.items():
        assigned[kind] = defaultdict(list)
        column = _TABLES[kind][1]
        rows = await session.execute(query.where(_TABLES[kind][0].requirement_id.in_(ids)).order_by(column))
        for preset_id, name in rows:
            assigned[kind][preset_id].append(name)
    return [PresetFacts(preset, assigned["accounts"][preset.id], assigned["models"][preset.id]) for preset in presets]


async def _tested_versions(session: AsyncSession, preset_id: int) -> list[str]:
    """Versions for which the hardware of a preset means something."""
    counts = or_(Version.status == VersionStatus.ACTIVE, Version.load_passed.is_(True))
    rows = await session.execute(
        select(Version.model_id, Version.version)
        .where(Version.requirement_id == preset_id, counts)
        .order_by(Version.status, Version.id)
        .limit(6)
    )
    return [f"{model_id} {version}" for model_id, version in rows]


def _columns(changes: PresetChanges) -> dict[str, Any]:
    """The columns to set, checked."""
    texts = {name: getattr(changes, name) for name in _LONGEST}
    columns: dict[str, Any] = {
        name: check_name(text, _AS_WRITTEN.get(name, name), _LONGEST[name], may_be_empty=name != "name")
        for name, text in texts.items()
        if text is not None
    }
    if changes.cpu is not None:
        columns["cpu_millis"] = read_cpu(changes.cpu)
    if changes.memory is not None:
        columns["memory_bytes"] = read_memory(changes.memory)
    if changes.gpu_units is not None:
        if not 0 <= changes.gpu_units <= MOST_GPUS:
            raise PresetRejected(f"gpuUnits: 0 to {MOST_GPUS}, not {str(changes.gpu_units)[:40]}.")
        columns["gpu_units"] = changes.gpu_units
    if changes.status is not None:
        if changes.status.strip().upper() not in _WORDS:
            raise PresetRejected(f"status: ACTIVE or INACTIVE, not {changes.status[:40]!r}.")
        columns["is_active"] = _WORDS[changes.status.strip().upper()]
    return columns
