"""Starts engines in the background: a paused one goes on, or else a new container is made."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.logs import log
from modelyard.core.patience import patiently
from modelyard.domain.engines.launch import Launcher, RunningEngine
from modelyard.domain.engines.plan import EnginePlan, plan_for
from modelyard.domain.engines.rows import end_engine, load_version, new_engine, set_engine
from modelyard.domain.engines.standby import Standby
from modelyard.domain.engines.tables import EngineState, Purpose
from modelyard.domain.work.processes import ENGINES, count_processes

MOST_AT_ONCE = 4
SECONDS_FOR_OTHERS = 2.0
"""Machines that have the image start its engines before those that have to fetch it."""

Ready = Callable[[RunningEngine], None]
MayStart = Callable[[AsyncSession, int], Awaitable[bool]]
Failed = Callable[[int, Exception], Awaitable[None]]


class _NotWanted(Exception):
    """Another process has started what was missing."""


class Starts:
    """What is being started.

    Args:
        may_start: whether one more engine of a version is wanted, asked in the transaction that writes it down: other
            processes start engines, too.
        ready: called with each engine that is ready.
        failed: called with a version whose engine could not be started, and the reason.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        launcher: Launcher,
        standby: Standby,
        *,
        owner: str,
        may_start: MayStart,
        ready: Ready,
        failed: Failed,
    ) -> None:
        self._database = database
        self._clock = clock
        self._launcher = launcher
        self._standby = standby
        self._owner = owner
        self._may_start = may_start
        self._ready = ready
        self._failed = failed
        self.fetching: Counter[int] = Counter()
        """For how many engines of which version the image is on its way to this machine."""
        self._tasks: defaultdict[int, set[asyncio.Task[None]]] = defaultdict(set)

    def under_way(self) -> Counter[int]:
        """How many engines of which version are being started."""
        return Counter({version_id: len(tasks) for version_id, tasks in self._tasks.items() if tasks})

    def begin(self, version_id: int, number: int) -> None:
        """Starts as many engines of a version as are wanted and may start at once; the others have to ask again."""
        fetching = min(MOST_AT_ONCE, self.fetching.total())  # which must not hold up what can start
        for _ in range(min(number, MOST_AT_ONCE + fetching - self.under_way().total())):
            task = asyncio.create_task(self._start(version_id), name=f"start engine of version {version_id}")
            self._tasks[version_id].add(task)
            task.add_done_callback(self._tasks[version_id].discard)

    async def cancel(self) -> None:
        """Gives up what is under way, for the end of the process."""
        tasks = [task for tasks in self._tasks.values() for task in tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _start(self, version_id: int) -> None:
        try:
            engine = await self._resume(version_id)
            if engine is None:
                async with self._database.read() as session:
                    plan = plan_for(await load_version(session, version_id))
                await self._launcher.check(plan)
                if not await self._launcher.has_image(plan):
                    await self._bring_image(plan)
                engine = await self._launch(plan)
        except _NotWanted:
            return
        except PlatformError as error:
            log.warning("an engine could not be started", version=version_id, reason=str(error))
            await self._failed(version_id, error)
        except Exception as error:  # noqa: BLE001 - a bug with one version must not be tried again at once, for ever
            log.exception("an engine could not be started", version=version_id)
            await self._failed(version_id, error)
        else:
            self._ready(engine)

    async def _bring_image(self, plan: EnginePlan) -> None:
        """Fetches the image, unless a machine that has it starts the engine meanwhile."""
        async with self._database.read() as session:
            others = await count_processes(session, ENGINES) > 1
        if others:
            await self._clock.sleep(SECONDS_FOR_OTHERS)
        async with self._database.read() as session:
            if not await self._may_start(session, plan.version_id):
                raise _NotWanted
        self.fetching[plan.version_id] += 1
        try:
            await self._launcher.bring_image(plan)
        finally:
            self.fetching[plan.version_id] -= 1

    async def _resume(self, version_id: int) -> RunningEngine | None:
        """A paused engine that goes on; one that does not answer any more is ended."""
        while engine := self._standby.take(version_id):
            try:
                await self._claim_start(engine)
                resumed = await self._standby.resume(engine)
                await self._set(engine, state=EngineState.READY)
            except _NotWanted:
                self._standby.put_back(engine)
                raise
            except BaseException as error:
                try:
                    await self._launcher.remove(engine.engine_id, engine.container)
                finally:
                    await self._end(engine.engine_id, error)
                if not isinstance(error, PlatformError):
                    raise
                log.info("a paused engine did not go on", engine=engine.name, reason=error.message)
            else:
                return resumed
        return None

    async def _launch(self, plan: EnginePlan) -> RunningEngine:
        row = new_engine(self._clock, plan, Purpose.SERVE, self._owner)
        async with self._database.write() as session:
            if not await self._may_start(session, plan.version_id):
                raise _NotWanted
            session.add(row)
        container = None
        try:
            container = await self._launcher.create(row.id, row.name, plan)
            async with self._database.write() as session:
                await set_engine(session, row.id, container=container)
            engine = await self._launcher.wait_ready(row.id, row.name, container, plan)
            await self._set(
                engine,
                state=EngineState.READY,
                ready_at=self._clock.now(),
                protocol=engine.protocol_name,
                port=engine.port,
            )
        except BaseException as error:
            try:
                await self._launcher.remove(row.id, container)
            finally:
                await self._end(row.id, error)
            raise
        return engine

    async def _claim_start(self, engine: RunningEngine) -> None:
        async with self._database.write() as session:
            if not await self._may_start(session, engine.plan.version_id):
                raise _NotWanted
            await set_engine(session, engine.engine_id, state=EngineState.STARTING)

    async def _set(self, engine: RunningEngine, **values: object) -> None:
        async def write() -> None:
            async with self._database.write() as session:
                await set_engine(session, engine.engine_id, **values)

        await patiently(self._clock, write)

    async def _end(self, engine_id: str, error: BaseException) -> None:
        cause = error if isinstance(error, PlatformError) else None

        async def write() -> None:
            async with self._database.write() as session:
                await end_engine(session, self._clock, engine_id, cause)

        await patiently(self._clock, write)
