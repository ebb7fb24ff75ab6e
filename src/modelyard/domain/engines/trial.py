"""An engine for a test: started for it alone, and gone afterwards whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.launch import Launcher, RunningEngine
from modelyard.domain.engines.plan import EnginePlan
from modelyard.domain.engines.rows import end_engine, new_engine, set_engine
from modelyard.domain.engines.tables import Engine, EngineState, Purpose


class TrialEngines:
    """Starts engines for tests."""

    def __init__(self, database: Database, clock: Clock, launcher: Launcher, owner: str) -> None:
        self._database = database
        self._clock = clock
        self._launcher = launcher
        self._owner = owner

    @asynccontextmanager
    async def start(self, plan: EnginePlan) -> AsyncIterator[RunningEngine]:
        """A ready engine. Raises everything that `Launcher` raises."""
        await self._launcher.check(plan)
        await self._launcher.bring_image(plan)
        row = new_engine(self._clock, plan, Purpose.TEST, self._owner)
        async with self._database.write() as session:
            session.add(row)
        error: PlatformError | None = None
        container: str | None = None
        engine: RunningEngine | None = None
        try:
            began = time.perf_counter()
            container = await self._launcher.create(row.id, row.name, plan)
            start_ms = round((time.perf_counter() - began) * 1000)
            await self._set(row, container=container)
            engine = await self._launcher.wait_ready(row.id, row.name, container, plan)
            engine.start_ms = start_ms
            await self._set(row, state=EngineState.READY, ready_at=self._clock.now())
            yield engine
        except PlatformError as reason:
            error = reason
            raise
        finally:
            await asyncio.shield(self._end(row, container, engine, error))

    async def _end(
        self, row: Engine, container: str | None, engine: RunningEngine | None, error: PlatformError | None
    ) -> None:
        printed = ""
        try:
            if engine:
                printed = await self._launcher.last_words(engine)
                await self._launcher.stop(engine)
            else:
                await self._launcher.remove(row.id, container)
        finally:
            async with self._database.write() as session:
                await end_engine(session, self._clock, row.id, error, printed=printed)

    async def _set(self, row: Engine, **values: Any) -> None:
        async with self._database.write() as session:
            await set_engine(session, row.id, **values)
