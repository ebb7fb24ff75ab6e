"""Samples of machines and engines, and the lines that are made of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from modelyard.adapters.runtimes.base import ResourceUse, RuntimeUnavailable
from modelyard.core.database import Database
from modelyard.domain.accounts.actor import RoleMissing
from modelyard.domain.engines.nodes import Node
from modelyard.domain.monitoring.machine_use import Reading, UseRecorder, cpu_used
from modelyard.domain.monitoring.tables import EngineUse, MachineUse
from modelyard.domain.monitoring.use_series import (
    MOST_POINTS,
    SeriesName,
    SeriesUnknown,
    read_engine_series,
    read_last_point,
    read_machine_series,
    series_name,
    value_of,
)
from tests.cast import Cast, with_roles
from tests.manual_clock import START, ManualClock

GB = 1_000_000_000
NODE = Node(
    name="one",
    created_at=START,
    runtime="podman",
    architecture="amd64",
    cpu_millis=4000,
    memory_bytes=16 * GB,
    asked_cpu_millis=1000,
    asked_memory_bytes=2 * GB,
    asked_gpus=0,
    engines=1,
)


class _Machine:
    """Reads as it is told."""

    def __init__(self, node: Node = NODE) -> None:
        self.reading: Reading | None = Reading(node, {})
        self.is_away = False

    async def read(self) -> Reading | None:
        if self.is_away:
            raise RuntimeUnavailable("away")
        return self.reading

    def spend(self, seconds: float, engine: str = "a") -> None:
        self.reading = Reading(NODE, {engine: ResourceUse(GB, GB, seconds)})


def _recorder(database: Database, clock: ManualClock, machine: _Machine) -> UseRecorder:
    return UseRecorder(database, clock, machine.read, seconds=30, days=14)


def test_a_new_engine_began_between_two_readings() -> None:
    before = Reading(NODE, {"old": ResourceUse(0, 0, 10.0), "gone": ResourceUse(0, 0, 5.0)})
    after = Reading(NODE, {"old": ResourceUse(0, 0, 25.0), "new": ResourceUse(0, 0, 3.0)})

    assert cpu_used(before, after, 30.0) == {"old": 500, "new": 100}


async def test_what_is_used_is_seen_between_two_readings(database: Database, clock: ManualClock, cast: Cast) -> None:
    machine = _Machine()
    recorder = _recorder(database, clock, machine)
    start = clock.now()
    await recorder.sample()
    await clock.advance(30)
    machine.spend(15.0)
    await recorder.sample()

    async with database.read() as session:
        [point] = await read_machine_series(session, cast.alice, start, clock.now() + timedelta(seconds=1))
        [of_engine] = await read_engine_series(session, "a", start, clock.now() + timedelta(seconds=1))
        last = await read_last_point(session, cast.alice)
    assert (point.cpu_available, point.cpu_requested, point.cpu_used) == (4.0, 1.0, 0.5)
    assert (point.memory_available, point.memory_used) == (16 * GB, GB)
    assert value_of(point, SeriesName.CPU_OVERALL_USAGE) == 12.5
    assert value_of(point, SeriesName.MEMORY_REQUESTED) == 2 * GB
    assert (of_engine.cpu_used, of_engine.memory_used) == (0.5, GB)
    assert last is not None
    assert replace(last, at=point.at) == point


async def test_a_runtime_that_is_away_leaves_a_gap(database: Database, clock: ManualClock) -> None:
    machine = _Machine()
    recorder = _recorder(database, clock, machine)
    for is_away in (False, True, False):
        machine.is_away = is_away
        await recorder.sample()
        await clock.advance(30)
    machine.reading = None  # none is found yet
    await recorder.sample()

    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(MachineUse)) == 0


async def test_processes_of_one_machine_are_added_up(database: Database, clock: ManualClock, cast: Cast) -> None:
    machines = [_Machine(), _Machine(), _Machine(replace(NODE, name="two"))]
    recorders = [_recorder(database, clock, machine) for machine in machines]
    for _ in range(2):
        for recorder in recorders:
            await recorder.sample()
        await clock.advance(30)

    async with database.read() as session:
        [point] = await read_machine_series(session, cast.alice, START, clock.now())

    assert (point.cpu_available, point.cpu_requested) == (8.0, 3.0)


async def test_long_periods_have_as_few_points(database: Database, clock: ManualClock, cast: Cast) -> None:
    columns = ("cpu_available", "cpu_requested", "memory_available", "memory_requested", "memory_used")
    values = dict.fromkeys(columns, 5)
    async with database.write() as session:
        for number in range(1000):
            at = int(START.timestamp()) + number * 30
            session.add(MachineUse(at=at, node="one", cpu_used=number, **values))
    async with database.read() as session:
        points = await read_machine_series(session, cast.alice, START, START + timedelta(seconds=30_000))

    assert MOST_POINTS / 2 < len(points) <= MOST_POINTS + 1
    assert [point.at for point in points] == sorted(point.at for point in points)


async def test_old_samples_are_deleted_and_those_of_engines_earlier(database: Database, clock: ManualClock) -> None:
    machine = _Machine()
    recorder = _recorder(database, clock, machine)
    await recorder.sample()
    await clock.advance(30)
    machine.spend(1.0)
    await recorder.sample()

    async def left() -> tuple[int, ...]:
        async with database.read() as session:
            tables = (MachineUse, EngineUse)
            return tuple([await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables])

    for days, expected in ((0, (1, 1)), (3, (1, 0)), (14, (0, 0))):
        await clock.advance(days * 86_400)
        await recorder.forget_some()
        assert await left() == expected


async def test_names_and_roles(database: Database, clock: ManualClock, cast: Cast) -> None:
    assert series_name("CPU-Used") == SeriesName.CPU_USED
    with pytest.raises(SeriesUnknown, match="cpu-used"):
        series_name("<script>")
    async with database.read() as session:
        with pytest.raises(RoleMissing):
            await read_machine_series(session, with_roles(cast.alice), START, clock.now())
