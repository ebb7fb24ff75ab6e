"""Hardware presets: who manages and sees which, and what tested versions hold them to."""

from typing import Any

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.roles import Role
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models import presets
from modelyard.domain.models.presets import (
    PresetChanges,
    PresetFacts,
    PresetInUse,
    PresetNotFound,
    PresetRejected,
    PresetStays,
)
from modelyard.domain.models.requirements import RequirementUnknown, find_preset, list_presets
from tests.cast import CAST, with_roles
from tests.library import add_active, add_model, audited, describe
from tests.manual_clock import ManualClock

ALICE, CHARLIE, OLGA = CAST.alice, CAST.charlie, CAST.olga
ADMIN = with_roles(OLGA, Role.ACCOUNT_ADMIN)
AUDITOR = with_roles(CHARLIE, Role.AUDITOR)


async def _create(database: Database, **changes: Any) -> int:
    wanted = PresetChanges(**({"name": "Small", "cpu": "0.5", "memory": "512Mi"} | changes))
    async with database.write() as session:
        return (await presets.create_preset(session, ManualClock(), OLGA, wanted)).preset.id


async def _change(database: Database, preset: int, actor: Actor = OLGA, **changes: Any) -> PresetFacts:
    async with database.write() as session:
        return await presets.change_preset(session, ManualClock(), actor, preset, PresetChanges(**changes))


async def _assign(database: Database, preset: int, *, accounts: list[str] | None = None, models: Any = None) -> None:
    async with database.write() as session:
        if accounts is not None:
            await presets.assign_accounts(session, ManualClock(), OLGA, preset, accounts)
        if models is not None:
            await presets.assign_models(session, ManualClock(), OLGA, preset, models)


async def _seen(database: Database, actor: Actor) -> dict[int, tuple[list[str], list[str]]]:
    async with database.read() as session:
        found = await presets.list_all(session, actor)
    return {facts.preset.id: (list(facts.accounts), list(facts.models)) for facts in found if facts.preset.id >= 100}


async def test_numbers_go_up(database: Database) -> None:
    assert [await _create(database) for _ in range(3)] == [100, 101, 102]


async def test_who_sees_which(database: Database) -> None:
    mine, theirs = await add_model(database, ALICE), await add_model(database, CHARLIE)
    everybody, ours, other, both = [await _create(database) for _ in range(4)]
    await _assign(database, ours, models=[mine])
    await _assign(database, other, accounts=[CHARLIE.account_id])
    await _assign(database, both, accounts=[ALICE.account_id, CHARLIE.account_id], models=[theirs, mine])
    await _change(database, everybody, status="INACTIVE")
    accounts = sorted([ALICE.account_id, CHARLIE.account_id])

    every = {
        everybody: ([], []),
        ours: ([], [mine]),
        other: ([CHARLIE.account_id], []),
        both: (accounts, sorted([mine, theirs])),
    }
    assert await _seen(database, OLGA) == await _seen(database, AUDITOR) == every
    assert await _seen(database, ADMIN) == {
        everybody: ([], []),
        ours: ([], [mine]),
        both: ([ALICE.account_id], [mine]),
    }
    with pytest.raises(RoleMissing):
        await _seen(database, ALICE)


async def test_only_who_administers_all_accounts_changes_any(database: Database) -> None:
    preset = await _create(database)
    for actor in (ADMIN, AUDITOR, ALICE):
        with pytest.raises(RoleMissing):
            await _change(database, preset, actor, name="Mine")
        with pytest.raises(RoleMissing):
            async with database.write() as session:
                await presets.assign_accounts(session, ManualClock(), actor, preset, [actor.account_id])

    assert await audited(database, f"preset/{preset}") == ["preset:created"]


async def test_change_is_audited_with_before_and_after(database: Database) -> None:
    preset = await _create(database, price="1")
    await _change(database, preset, cpu="2", price="")
    await _change(database, preset, cpu="2000m")
    await _assign(database, preset, accounts=[ALICE.account_id])
    await _assign(database, preset, accounts=[ALICE.account_id])
    async with database.read() as session:
        query = select(AuditEvent.action, AuditEvent.details).where(AuditEvent.target == f"preset/{preset}")
        events = [tuple(row) for row in await session.execute(query.order_by(AuditEvent.id))][1:]

    assert events == [
        ("preset:changed", {"before": {"price": "1", "cpu_millis": 500}, "after": {"price": "", "cpu_millis": 2000}}),
        ("preset:assigned", {"before": {"accounts": []}, "after": {"accounts": [ALICE.account_id]}}),
    ]


@pytest.mark.parametrize("values", [{"status": "active"}, {"status": "partial"}, {"status": "inactive"}])
async def test_hardware_that_versions_were_tested_with_stays(database: Database, values: dict[str, Any]) -> None:
    preset = await _create(database)
    model_id = await add_active(database, ALICE, requirement_id=preset, **values)
    for changes in ({"cpu": "8"}, {"memory": "64G"}, {"gpu_units": 1}, {"memory": "16M", "name": "Tiny"}):
        with pytest.raises(PresetInUse, match=f"{model_id} 0.1.0"):
            await _change(database, preset, **changes)
    changed = await _change(database, preset, memory="536870912", status="INACTIVE", name="Old")

    assert (changed.preset.name, changed.preset.is_active, changed.preset.memory_bytes) == ("Old", False, 2**29)


async def test_hardware_that_nothing_was_tested_with_changes(database: Database) -> None:
    preset = await _create(database)
    model_id = await add_model(database, ALICE)
    await describe(database, model_id, requirement_id=preset, load_passed=False, run_passed=False)

    assert (await _change(database, preset, cpu="8")).preset.cpu_millis == 8000


@pytest.mark.parametrize(("wanted", "found"), [(-6, -6), (-99, -99), (-3, 1), (1, 1)])
async def test_assignment_holds_for_the_well_known_numbers_too(database: Database, wanted: int, found: int) -> None:
    model_id = await add_model(database, ALICE)
    await _change(database, 1, status="ACTIVE")
    await _assign(database, found, accounts=[CHARLIE.account_id])
    async with database.read() as session:
        assert found not in [preset.id for preset in await list_presets(session, ALICE.account_id)]
        with pytest.raises(RequirementUnknown):
            await find_preset(session, wanted, account_id=ALICE.account_id, model_id=model_id)
        assert (await find_preset(session, wanted, account_id=CHARLIE.account_id, model_id="")).id == found
        kept = await find_preset(session, wanted, account_id=ALICE.account_id, model_id=model_id, current=found)
    assert kept.id == found


@pytest.mark.parametrize("missing", ["name", "cpu", "memory"])
async def test_a_preset_needs_name_and_amounts(database: Database, missing: str) -> None:
    with pytest.raises(PresetRejected, match="needs"):
        await _create(database, **{missing: None})


async def test_not_assigned_to_too_many(database: Database) -> None:
    preset = await _create(database)
    with pytest.raises(PresetRejected, match="at most 1000"):
        await _assign(database, preset, models=[str(number) for number in range(1001)])


async def test_deleting_what_nobody_has(database: Database) -> None:
    preset = await _create(database)
    await _assign(database, preset, accounts=[ALICE.account_id], models=[await add_model(database, ALICE)])

    async with database.write() as session:
        with pytest.raises(RoleMissing):
            await presets.delete_preset(session, ManualClock(), ADMIN, preset)
        await presets.delete_preset(session, ManualClock(), OLGA, preset)

    assert await _seen(database, OLGA) == {}
    assert "preset:deleted" in await audited(database)
    async with database.write() as session:
        with pytest.raises(PresetNotFound):
            await presets.delete_preset(session, ManualClock(), OLGA, preset)


async def test_what_versions_or_installations_have_stays(database: Database) -> None:
    preset = await _create(database)
    model_id = await add_model(database, ALICE)
    await describe(database, model_id, requirement_id=preset)

    for number in (preset, 1):
        async with database.write() as session:
            with pytest.raises(PresetStays):
                await presets.delete_preset(session, ManualClock(), OLGA, number)
