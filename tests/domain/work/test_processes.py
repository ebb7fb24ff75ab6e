"""Processes that share a database: one that stands still is declared dead once, and its work given away."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import SystemClock
from modelyard.core.database import Database
from modelyard.domain.work.processes import DeclaredDead, ProcessWatch
from modelyard.domain.work.tables import Process
from tests.shaky_database import ShakyDatabase

BEAT = 0.02
DEAD = 1.5


class Processes:
    """Watches on one database, and whom they buried."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.buried: list[tuple[str, str]] = []
        self.cleaned: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str) -> ProcessWatch:
        """Another process."""

        async def take_over(_: AsyncSession, dead: str) -> None:
            self.buried.append((name, dead))

        async def clean_up(dead: str) -> None:
            self.cleaned.append(dead)

        watch = ProcessWatch(
            self.database,
            SystemClock(),
            process=name,
            kind="engines",
            on_death=take_over,
            clean_up=clean_up,
            seconds_between_beats=BEAT,
            seconds_until_dead=DEAD,
        )
        await watch.join()
        self.tasks[name] = asyncio.create_task(watch.run())
        return watch

    async def stand_still(self, name: str) -> None:
        """It is killed."""
        self.tasks[name].cancel()
        await asyncio.wait([self.tasks[name]])

    async def known(self) -> list[str]:
        """Which processes are known."""
        async with self.database.read() as session:
            return sorted(await session.scalars(select(Process.id)))

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Waits for it."""
        async with asyncio.timeout(10):
            while not is_so():  # noqa: ASYNC110 - nobody rings
                await asyncio.sleep(BEAT)


@pytest.fixture
async def processes(database: Database) -> AsyncIterator[Processes]:
    made = Processes(database)
    yield made
    for name in made.tasks:
        await made.stand_still(name)


async def test_the_dead_are_buried_once(processes: Processes) -> None:
    for name in ("a", "b", "c"):
        await processes.start(name)
    await processes.stand_still("b")
    await processes.until(lambda: bool(processes.buried))
    await asyncio.sleep(DEAD)

    assert [dead for _, dead in processes.buried] == processes.cleaned == ["b"]
    assert await processes.known() == ["a", "c"]


async def test_who_leaves_is_not_buried(processes: Processes) -> None:
    await processes.start("a")
    leaving = await processes.start("b")
    await processes.stand_still("b")
    await leaving.leave()
    await asyncio.sleep(2 * DEAD)

    assert processes.buried == []
    assert await processes.known() == ["a"]


async def test_who_was_declared_dead_learns_of_it(processes: Processes) -> None:
    await processes.start("a")
    late = await processes.start("b")
    await processes.stand_still("b")
    await processes.until(lambda: bool(processes.buried))

    with pytest.raises(DeclaredDead):
        await late.run()


async def test_a_process_outlives_a_database_that_is_away(database_address: str) -> None:
    database = ShakyDatabase(database_address)
    processes = Processes(database)
    await processes.start("a")
    database.failures = 5
    await processes.until(lambda: not database.failures)

    assert not processes.tasks["a"].done()
    assert await processes.known() == ["a"]
    await processes.stand_still("a")
    await database.close()
