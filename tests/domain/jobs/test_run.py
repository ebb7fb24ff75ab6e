"""Pumps: what runs on an engine ends as a result, an error, or in the queue again, whatever is away meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.container_protocols.base import ItemOutcome, ModelFacts
from modelyard.adapters.container_protocols.fake import FakeProgram, FakeProtocol
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database, sqlite_url
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.engines.plan import plan_for
from modelyard.domain.engines.routing import Router
from modelyard.domain.engines.rows import load_version
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.run import ItemRunner
from tests.cast import CAST
from tests.domain.jobs.steps import counts, item_states, submit
from tests.library import add_active
from tests.manual_clock import ManualClock, RestlessClock


class UnreliableDatabase(Database):
    """Cannot be written to for some transactions."""

    failures = 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        if self.failures:
            self.failures -= 1
            raise OperationalError("BEGIN IMMEDIATE", (), Exception("disk full"))
        async with super().write() as session:
            yield session


@pytest.fixture
async def database(data_dir: Path) -> AsyncIterator[UnreliableDatabase]:
    opened = UnreliableDatabase(sqlite_url(data_dir))
    yield opened
    await opened.close()


class Pumping:
    """A runner with one engine."""

    def __init__(self, database: UnreliableDatabase, program: FakeProgram) -> None:
        self.database = database
        self.program = program
        self.router = Router(database.bells)
        self.buried = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs items until the end of the block."""
        async with self.database.read() as session:
            plan = plan_for(await load_version(session, 1))
        connection = FakeProtocol(self.program)
        engine = RunningEngine("1", "engine", "c", "fake", 80, connection, ModelFacts(), plan, Path("exchange"))
        runner = ItemRunner(
            self.database,
            RestlessClock(),
            self.router,
            BlobStore(memory_storage()),
            await_death=self._await_death,
            bury=self._bury,
            owner="one",
        )
        self.router.add(engine, now=0.0)
        task = asyncio.create_task(runner.run())
        try:
            async with asyncio.timeout(5):
                yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _await_death(self, engine: RunningEngine) -> PlatformError | None:
        self.database.failures = 3
        return None

    async def _bury(self, engine: RunningEngine, error: PlatformError | None) -> None:
        self.router.remove(engine)
        self.buried.set()


async def test_item_is_queued_again_although_the_database_was_away_when_its_engine_died(
    database: UnreliableDatabase, clock: ManualClock
) -> None:
    model_id = await add_active(database, CAST.alice)
    job = (await submit(database, clock, model_id, number=1)).job

    pumping = Pumping(database, FakeProgram(drops_runs=True))
    async with pumping.running():
        await pumping.buried.wait()

    assert database.failures == 0
    assert await item_states(database, job.id) == ["queued"]


async def test_result_is_stored_although_the_database_was_away(
    database: UnreliableDatabase, clock: ManualClock
) -> None:
    model_id = await add_active(database, CAST.alice)
    job = (await submit(database, clock, model_id, number=1)).job

    def answer(_: object) -> ItemOutcome:
        database.failures = 3
        return ItemOutcome({"results.json": b"{}"})

    async with Pumping(database, FakeProgram(answer=answer)).running():
        while (await counts(database, job.id))[0] != "COMPLETED":  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert await counts(database, job.id) == ("COMPLETED", 1, 0)
    assert database.failures == 0
