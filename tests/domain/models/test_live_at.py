"""What was live at a moment: reconstructed from the audit trail, compared with a simulation that remembers all."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.catalog import ModelNotFound, create_model
from modelyard.domain.models.live_at import Change, read_live_at, value_then
from modelyard.domain.models.metadata import VersionChanges
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.sharing import set_visibility
from modelyard.domain.models.tables import Scope, Version
from modelyard.domain.models.versions import change_version, create_version
from tests.cast import CAST
from tests.conftest import Template
from tests.domain.models.approval_steps import ask_roles, change
from tests.library import add_active, describe, held_image
from tests.manual_clock import START, ManualClock

NUMBERS = ("0.1.0", "0.2.0", "0.10.0")
HOUR = timedelta(hours=1)


@dataclass
class Simulation:
    """A model, told step by step, with everything that it ever was."""

    statuses: dict[str, str] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    scope: str = "PRIVATE"
    past: list[tuple[datetime, dict[str, str], dict[str, datetime], str]] = field(default_factory=list)

    def remember(self, now: datetime) -> None:
        """Keeps how it is from now on."""
        self.past.append((now, dict(self.statuses), dict(self.since), self.scope))

    def do(self, now: datetime, step: str, number: str) -> None:
        """One step; those that make no sense change nothing."""
        status = self.statuses.get(number)
        if step in Scope.__members__:
            self.scope = step
        elif step == "create" and status is None:
            self.statuses[number] = "partial"
        elif step == "activate" and status in {"partial", "inactive"}:
            self.statuses[number], self.since[number] = "active", now
        elif step == "deactivate" and status == "active":
            self.statuses[number] = "inactive"
        self.remember(now)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 5_000),  # milliseconds since the step before; often none
        st.sampled_from(["create", "activate", "deactivate", "activate", "deactivate", "TEAM", "ALL", "PRIVATE"]),
        st.sampled_from(NUMBERS),
    ),
    max_size=14,
)
MOMENTS = st.lists(st.integers(-2_000, 40_000), min_size=1, max_size=6)


@settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, moments=MOMENTS, offset=st.integers(0, 999))
def test_every_moment_of_any_history(
    template: Template, steps: list[tuple[int, str, str]], moments: list[int], offset: int
) -> None:
    asyncio.run(_live(template, steps, moments, offset))


async def _live(template: Template, steps: list[tuple[int, str, str]], moments: list[int], offset: int) -> None:
    with tempfile.TemporaryDirectory(prefix="live-") as directory, template.copied(Path(directory)) as address:
        database = Database(address)
        try:
            # Clocks are finer than the audit trail, which counts milliseconds.
            clock = ManualClock(START + timedelta(microseconds=offset))
            simulation = Simulation({"0.1.0": "partial"})
            simulation.remember(START)
            async with database.write() as session:
                model_id = (await create_model(session, clock, CAST.alice, name="echo", version="0.1.0")).id
            await describe(database, model_id)
            for milliseconds, step, number in steps:
                await clock.advance(milliseconds / 1000)
                await _do(database, clock, model_id, step, number)
                simulation.do(clock.now() - timedelta(microseconds=offset), step, number)
            instants = [START + timedelta(milliseconds=milliseconds) for milliseconds in moments]
            instants += [entry[0] for entry in simulation.past]
            await _compare(database, model_id, simulation, instants)
        finally:
            await database.close()


async def _do(database: Database, clock: ManualClock, model_id: str, step: str, number: str) -> None:
    try:
        async with database.write() as session:
            if step in Scope.__members__:
                await set_visibility(session, clock, CAST.alice, model_id, scope=step)
            elif step == "create":
                await create_version(session, clock, CAST.alice, model_id, version=number)
                image = held_image()
                session.add(image)
                await session.flush()
                row = update(Version).where(Version.model_id == model_id, Version.version == number)
                await session.execute(row.values(image_id=image.id, requirement_id=EDGE_ID))  # needs no tests
    except PlatformError:
        return
    if step in {"activate", "deactivate"}:
        await _enter(database, clock, model_id, number, "active" if step == "activate" else "inactive")


async def _enter(database: Database, clock: ManualClock, model_id: str, number: str, status: str) -> None:
    try:
        async with database.write() as session:
            await change_version(session, clock, CAST.alice, model_id, number, VersionChanges(status=status))
    except PlatformError:
        return


async def _compare(database: Database, model_id: str, simulation: Simulation, instants: Sequence[datetime]) -> None:
    for instant in instants:
        async with database.read() as session:
            found = await read_live_at(session, CAST.alice, model_id, instant)
        known = [entry for entry in simulation.past if entry[0] <= instant]
        if not known:
            assert (found.versions, found.live, found.visibility) == ((), [], None)
            continue
        _, statuses, since, scope = known[-1]
        assert {row.version: row.status for row in found.versions} == statuses
        assert found.live == [number for number in NUMBERS if statuses.get(number) == "active"]
        assert {row.version: row.active_since for row in found.versions if row.active_since} == {
            number: since[number] for number in found.live
        }
        assert found.visibility == {"scope": scope, "teams": []}


def _at(hours: int) -> datetime:
    return START + hours * HOUR


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, ("a", None)), (1, ("b", _at(1))), (2, ("b", _at(1))), (3, ("d", _at(3))), (9, ("d", _at(3)))],
)
def test_value_then(hours: int, expected: tuple[str, datetime | None]) -> None:
    changes = [Change(_at(1), "a", "b"), Change(_at(3), "b", "c"), Change(_at(3), "c", "d")]

    assert value_then(changes, "now", _at(hours)) == expected
    assert value_then([], "now", _at(hours)) == ("now", None)


async def test_what_the_audit_trail_forgot_is_told_by_what_came_next(database: Database) -> None:
    clock = ManualClock()
    model_id = await add_active(database, CAST.alice)
    for status in ("inactive", "active", "inactive"):
        await clock.advance(3600)
        await change(database, model_id, clock=clock, status=status)
    async with database.write() as session:
        await session.execute(delete(AuditEvent).where(AuditEvent.at < _at(2)))

    found = {}
    for hours in (1, 2, 3):
        async with database.read() as session:
            (version,) = (await read_live_at(session, CAST.alice, model_id, _at(hours))).versions
        found[hours] = (version.status, version.active_since)
    assert found == {1: ("inactive", None), 2: ("active", _at(2)), 3: ("inactive", None)}


async def test_events_from_before_they_had_details(database: Database) -> None:
    clock = ManualClock()
    model_id = await add_active(database, CAST.alice, status="partial")
    for status in ("active", "inactive", "active"):
        await clock.advance(3600)
        await change(database, model_id, clock=clock, status=status)
    async with database.write() as session:
        await session.execute(update(AuditEvent).values(details={}))

    statuses = []
    for hours in range(4):
        async with database.read() as session:
            statuses.append((await read_live_at(session, CAST.alice, model_id, _at(hours))).versions[0].status)
    assert statuses == ["partial", "active", "inactive", "active"]


async def test_asking_for_approval_makes_nothing_live(database: Database) -> None:
    await ask_roles(database, "RISK")
    model_id = await add_active(database, CAST.alice, status="partial")
    await change(database, model_id, status="active")

    async with database.read() as session:
        assert (await read_live_at(session, CAST.alice, model_id, _at(1))).live == []


async def test_the_past_of_a_hidden_model_is_hidden(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    for actor in (CAST.bob, CAST.charlie):
        async with database.read() as session:
            with pytest.raises(ModelNotFound):
                await read_live_at(session, actor, model_id, _at(1))
