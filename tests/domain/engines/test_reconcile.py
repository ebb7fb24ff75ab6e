"""The loop that keeps engines as the demand wants them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import SystemClock
from modelyard.core.database import Database
from modelyard.core.database_errors import DatabaseAway
from modelyard.core.errors import PlatformError
from modelyard.domain.engines import health, reconcile
from modelyard.domain.engines.adopt import Adoption
from modelyard.domain.engines.errors import EnginesKeepDying
from modelyard.domain.engines.health import DEATHS_TO_QUARANTINE, HOPELESS_AFTER
from modelyard.domain.engines.launch import INSTALLATION_LABEL, EngineLimits, Launcher
from modelyard.domain.engines.reconcile import Reconciler
from modelyard.domain.engines.routing import Router
from modelyard.domain.engines.situations import read_situations
from modelyard.domain.engines.standby import StandbyLimits
from modelyard.domain.engines.tables import Engine
from modelyard.domain.engines.wanted import Demand
from modelyard.domain.images.supply import ImageNotHere
from tests.cast import CAST
from tests.library import add_model, describe
from tests.machine import Machine
from tests.shaky_database import ShakyDatabase

NO_STANDBY = StandbyLimits(0, 0)


class Engines:
    """A reconciler and what it works with; `demands` is what the jobs ask for."""

    def __init__(
        self, database: Database, machine: Machine, directory: Path, owner: str, standby: StandbyLimits = NO_STANDBY
    ) -> None:
        self.machine = machine
        self.database = database
        self.demands: dict[int, Demand] = {}
        self.given_up: list[str] = []
        self.problems: list[Exception] = []
        """What goes wrong first where waiting items are to be given up."""
        self.router = Router(database.bells)
        limits = EngineLimits("here", directory, max_processes=10, max_log_bytes=1000)
        self.launcher = Launcher(machine.runtime, {machine.factory.name: machine.factory}, limits)
        clock = SystemClock()
        self.reconciler = Reconciler(
            database,
            clock,
            self.launcher,
            self.router,
            Adoption(database, clock, self.launcher, owner=owner, installation="here"),
            read_demand=self._read_demand,
            give_up=self._give_up,
            owner=owner,
            idle_seconds=0.05,
            standby=standby,
        )

    async def settle(self, is_done: Callable[[], bool]) -> None:
        """Goes round until it is so."""
        async with asyncio.timeout(10):
            while True:
                await self.reconciler.reconcile_once()
                if is_done():
                    return
                await asyncio.sleep(0.01)

    async def die(self) -> None:
        """Its process is killed: nobody watches the engines any more, and nobody stops them."""
        watchers = list(self.reconciler._watchers.values())
        self.reconciler._watchers.clear()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)

    async def states(self) -> list[str]:
        """The states of all engines, oldest first."""
        async with self.database.read() as session:
            return list(await session.scalars(select(Engine.state).order_by(Engine.created_at)))

    async def _read_demand(self, session: AsyncSession, running: Collection[int]) -> dict[int, Demand]:
        return dict(self.demands)

    async def _give_up(self, version_id: int, error: PlatformError) -> None:
        if self.problems:
            raise self.problems.pop()
        self.given_up.append(error.message)


@pytest.fixture
async def version_id(database: Database, machine: Machine) -> int:
    image_id = machine.runtime.hold("held:1", machine.publish())
    return await describe(database, await add_model(database, CAST.alice), image_id=image_id)


@pytest.fixture
async def engines(database: Database, machine: Machine, tmp_path: Path) -> AsyncIterator[Engines]:
    made = Engines(database, machine, tmp_path / "engines", "one")
    yield made
    await made.reconciler.stop_all()


async def test_engines_start_on_demand_up_to_the_maximum(engines: Engines, version_id: int) -> None:
    engines.demands[version_id] = Demand(open_items=9, minimum=0, maximum=3)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 3)
    await engines.reconciler.reconcile_once()

    assert len(engines.machine.running) == 3
    assert await engines.states() == ["ready"] * 3


async def test_idle_engines_stop_but_not_below_the_minimum(engines: Engines, version_id: int) -> None:
    engines.demands[version_id] = Demand(open_items=3, minimum=1, maximum=3)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 3)
    engines.demands[version_id] = Demand(open_items=0, minimum=1, maximum=3)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    await asyncio.sleep(0.1)
    await engines.reconciler.reconcile_once()

    assert len(engines.machine.running) == 1
    engines.demands.clear()
    await engines.settle(lambda: not engines.router.all_engines())
    assert engines.machine.running == []
    assert await engines.states() == ["stopped"] * 3
    async with engines.database.read() as session:
        kept = list(await session.scalars(select(Engine.technical_information)))
    assert all(kept), "what they printed is read when they are gone"


async def test_never_more_engines_than_the_licence_covers(
    database: Database, engines: Engines, version_id: int
) -> None:
    image_id = engines.machine.runtime.hold("held:2", engines.machine.publish())
    other = await describe(database, await add_model(database, CAST.alice, name="other"), image_id=image_id)
    engines.reconciler._idle_seconds = 60
    most = 0

    def watch(is_done: Callable[[], bool]) -> bool:
        nonlocal most
        most = max(most, len(engines.machine.running))
        return is_done()

    engines.demands = {version_id: Demand(9, 0, 9, account="acme", licence=2)}
    await engines.settle(lambda: watch(lambda: len(engines.router.engines(version_id)) == 2))
    busy, _ = engines.router.engines(version_id)
    engines.router.take(busy)
    engines.demands = {
        version_id: Demand(1, 0, 9, account="acme", licence=2),
        other: Demand(9, 0, 9, account="acme", licence=2),
    }
    await engines.settle(lambda: watch(lambda: len(engines.router.engines(other)) == 1))

    assert engines.router.engines(version_id) == [busy]
    assert most == 2


async def test_busy_engine_is_not_stopped(engines: Engines, version_id: int) -> None:
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    (engine,) = engines.router.engines(version_id)
    engines.router.take(engine)
    engines.demands.clear()
    await asyncio.sleep(0.1)
    await engines.reconciler.reconcile_once()

    assert engines.router.serves(engine)


async def test_failed_start_is_not_repeated_at_once(engines: Engines, version_id: int) -> None:
    engines.machine.exit_code = 1
    engines.machine.program.listens = False
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    await engines.settle(lambda: len(engines.machine.containers) == 1)
    for _ in range(20):
        await engines.reconciler.reconcile_once()
        await asyncio.sleep(0.01)

    assert len(engines.machine.containers) == 1
    assert engines.given_up == []
    assert await engines.states() == ["failed"]
    assert await engines.machine.runtime.list_containers(INSTALLATION_LABEL, "here") == []


async def test_dead_engine_is_buried_and_replaced(engines: Engines, version_id: int) -> None:
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    (first,) = engines.machine.running
    first.end(1)
    await engines.settle(lambda: len(engines.machine.running) == 1 and len(engines.router.engines(version_id)) == 1)

    assert sorted(await engines.states()) == ["failed", "ready"]
    assert engines.machine.running != [first]


async def test_engine_that_dies_while_the_database_is_away_does_not_seem_to_serve(
    database_address: str, machine: Machine, version_id: int, tmp_path: Path
) -> None:
    database = ShakyDatabase(database_address)
    engines = Engines(database, machine, tmp_path / "engines", "one")
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    (first,) = engines.router.all_engines()
    database.failures = 2
    await engines.reconciler.bury(first, None)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)

    assert await engines.states() == ["stopped", "ready"]
    await engines.reconciler.stop_all()
    await database.close()


async def test_idle_engine_is_paused_and_goes_on(
    database: Database, machine: Machine, version_id: int, tmp_path: Path
) -> None:
    engines = Engines(database, machine, tmp_path / "engines", "one", StandbyLimits(most=1, seconds=60))
    engines.demands[version_id] = Demand(open_items=2, minimum=0, maximum=2)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 2)
    names = {engine.name for engine in engines.router.engines(version_id)}
    engines.demands[version_id] = Demand(open_items=0, minimum=0, maximum=2)
    await engines.settle(lambda: not engines.router.engines(version_id))
    assert sorted(await engines.states()) == ["paused", "stopped"]  # as there is room for one

    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=2)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    assert {engine.name for engine in engines.router.engines(version_id)} < names
    assert sorted(await engines.states()) == ["ready", "stopped"]
    assert len(machine.containers) == 2
    await engines.reconciler.stop_all()


async def test_paused_engine_ends_with_its_time_or_its_version(
    database: Database, machine: Machine, version_id: int, tmp_path: Path
) -> None:
    engines = Engines(database, machine, tmp_path / "engines", "one", StandbyLimits(most=1, seconds=60))
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    engines.demands[version_id] = Demand(open_items=0, minimum=0, maximum=1)
    await engines.settle(lambda: not engines.router.engines(version_id))
    assert await engines.states() == ["paused"]
    engines.demands.clear()
    await engines.settle(lambda: not machine.running)

    assert await engines.states() == ["stopped"]
    assert await machine.runtime.list_containers(INSTALLATION_LABEL, "here") == []


async def test_paused_engine_that_has_died_is_replaced(
    database: Database, machine: Machine, version_id: int, tmp_path: Path
) -> None:
    engines = Engines(database, machine, tmp_path / "engines", "one", StandbyLimits(most=1, seconds=60))
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    engines.demands[version_id] = Demand(open_items=0, minimum=0, maximum=1)
    await engines.settle(lambda: not engines.router.engines(version_id))
    (paused,) = machine.running
    paused.end(137)
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)

    assert sorted(await engines.states()) == ["failed", "ready"]
    await engines.reconciler.stop_all()
    assert machine.running == []


async def test_last_engine_of_many_that_dies_while_the_database_is_away_ends_all_the_same(
    engines: Engines, version_id: int
) -> None:
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    record = engines.reconciler._records[version_id]
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    record.deaths, record.quarantines = DEATHS_TO_QUARANTINE, HOPELESS_AFTER
    engines.problems = [DatabaseAway()]
    (engine,) = engines.router.all_engines()
    await engines.reconciler.bury(engine, None)

    assert engines.given_up == [EnginesKeepDying().message]
    assert await engines.states() == ["stopped"]

    engines.problems = [ValueError("a bug")]
    record.not_before = 0
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    (engine,) = engines.router.all_engines()
    with pytest.raises(ValueError, match="a bug"):
        await engines.reconciler.bury(engine, None)
    assert await engines.states() == ["stopped", "stopped"]


async def test_version_whose_engines_only_die_is_quarantined(engines: Engines, version_id: int) -> None:
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    record = engines.reconciler._records[version_id]
    for _ in range(DEATHS_TO_QUARANTINE):
        record.not_before = 0
        await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
        (running,) = engines.machine.running
        running.end(3)
        await engines.settle(lambda: not engines.machine.running and not engines.router.engines(version_id))
    await engines.reconciler.reconcile_once()
    async with engines.database.read() as session:
        situation = (await read_situations(session))[version_id]

    assert situation.is_quarantine
    assert "exit code 3" in situation.reason
    assert engines.machine.running == []
    assert engines.given_up == []

    await engines.reconciler.stop_all()
    async with engines.database.read() as session:
        assert await read_situations(session) == {}, "nobody would remove what a process said that has ended"


async def test_end_of_the_process_stops_everything(engines: Engines, version_id: int) -> None:
    engines.demands[version_id] = Demand(open_items=2, minimum=0, maximum=2)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 2)
    await engines.reconciler.stop_all()

    assert engines.machine.running == []
    assert await engines.states() == ["stopped"] * 2


async def test_next_process_adopts_engines_and_removes_orphans(
    database: Database, engines: Engines, version_id: int, tmp_path: Path
) -> None:
    engines.demands[version_id] = Demand(open_items=2, minimum=0, maximum=2)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 2)
    alive, dead = engines.machine.running
    dead.end(1)
    orphan = await engines.machine.runtime.start_container(
        type(alive.spec)("orphan", alive.spec.image, {INSTALLATION_LABEL: "here"}, {}, 10**9, 1000)
    )
    stranger = await engines.machine.runtime.start_container(
        type(alive.spec)("stranger", alive.spec.image, {INSTALLATION_LABEL: "elsewhere"}, {}, 10**9, 1000)
    )
    await engines.die()

    later = Engines(database, engines.machine, tmp_path / "engines", "two")
    await later.reconciler.adopt()

    assert [engine.container for engine in later.router.all_engines()] == [alive.container_id]
    left = {container.container_id for container in engines.machine.running}
    assert left == {alive.container_id, stranger}
    assert orphan not in left
    await later.reconciler.stop_all()


async def test_engine_whose_files_are_gone_is_not_adopted(
    database: Database, engines: Engines, version_id: int, tmp_path: Path
) -> None:
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    await engines.settle(lambda: len(engines.router.engines(version_id)) == 1)
    await engines.die()
    shutil.rmtree(tmp_path / "engines")

    later = Engines(database, engines.machine, tmp_path / "engines", "two")
    await later.reconciler.adopt()

    assert later.router.all_engines() == []
    assert engines.machine.running == []
    assert await later.states() == ["stopped"]


@pytest.mark.parametrize(("is_final", "gives_up"), [(True, True), (False, False)])
async def test_an_image_that_no_machine_can_have_any_more(
    engines: Engines, version_id: int, monkeypatch: pytest.MonkeyPatch, is_final: bool, gives_up: bool
) -> None:
    tries = 0

    async def bring(_: object) -> None:
        nonlocal tries
        tries += 1
        raise ImageNotHere("echo:1", "it is gone.", is_final=is_final)

    async def lacks(_: object) -> bool:
        return False

    monkeypatch.setattr(engines.launcher, "has_image", lacks)
    monkeypatch.setattr(engines.launcher, "bring_image", bring)
    monkeypatch.setattr(health, "HOPELESS_AFTER", 1)
    monkeypatch.setattr(reconcile, "FAILURES_WHILE_OTHERS_MAY_COME", 2)
    engines.demands[version_id] = Demand(open_items=1, minimum=0, maximum=1)
    await engines.settle(lambda: bool(engines.given_up) if gives_up else tries >= 1)
    await engines.reconciler.reconcile_once()
    assert bool(engines.given_up) is gives_up
    assert await engines.states() == []
