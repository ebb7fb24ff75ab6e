"""Compares the engines that should run with those that do, and acts: the only place that starts and stops them."""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.runtimes.base import RuntimeUnavailable
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.logs import log
from modelyard.domain.engines.adopt import Adoption
from modelyard.domain.engines.launch import Launcher, RunningEngine
from modelyard.domain.engines.plan import EnginePlan, plan_for
from modelyard.domain.engines.routing import Router
from modelyard.domain.engines.rows import end_engine, load_version, new_engine, set_engine
from modelyard.domain.engines.tables import EngineState, Purpose
from modelyard.domain.engines.wanted import Balance, Demand, StartRecord, balance, surplus_engines
from modelyard.domain.models import versions

TOPIC = "demand"
"""Rings when more or fewer engines may be wanted."""
SECONDS_BETWEEN_ROUNDS = 1.0
SECONDS_BETWEEN_SWEEPS = 60.0
MOST_STARTS_AT_ONCE = 4

ReadDemand = Callable[[AsyncSession, Collection[int]], Awaitable[dict[int, Demand]]]
GiveUp = Callable[[int, PlatformError], Awaitable[None]]


class Reconciler:
    """Keeps the engines as the demand wants them.

    Args:
        read_demand: versions that should have engines, or have open items, or are among those given, which have
            engines now.
        give_up: called with a version and the reason when its engines fail to start again and again.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        launcher: Launcher,
        router: Router,
        adoption: Adoption,
        *,
        read_demand: ReadDemand,
        give_up: GiveUp,
        owner: str,
        idle_seconds: float,
    ) -> None:
        self._database = database
        self._clock = clock
        self._launcher = launcher
        self._router = router
        self._adoption = adoption
        self._read_demand = read_demand
        self._give_up = give_up
        self._owner = owner
        self._idle_seconds = idle_seconds
        self._bell = database.bells.listen(TOPIC, versions.TOPIC)
        self._starting: defaultdict[int, set[asyncio.Task[None]]] = defaultdict(set)
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._records: defaultdict[int, StartRecord] = defaultdict(StartRecord)

    async def adopt(self) -> None:
        """Takes over what an earlier process left; to be called once, before `run`."""
        for engine in await self._adoption.adopt():
            self._announce(engine)

    async def run(self) -> None:
        """Goes on until cancelled."""
        next_sweep = time.monotonic() + SECONDS_BETWEEN_SWEEPS
        while True:
            try:
                await self.reconcile_once()
                if time.monotonic() > next_sweep:
                    next_sweep = time.monotonic() + SECONDS_BETWEEN_SWEEPS
                    await self._adoption.remove_orphans()
            except PlatformError as error:
                log.warning("engines could not be reconciled; next try follows", reason=str(error))
            await self._bell.wait(SECONDS_BETWEEN_ROUNDS)

    async def reconcile_once(self) -> None:
        """One round: what is missing is started in the background, what is idle is stopped."""
        async with self._database.read() as session:
            there = self._there()
            demands = await self._read_demand(session, there)
        plan = balance(demands, there)
        for version_id, missing in plan.to_start.items():
            self._start_missing(version_id, missing)
        surplus = self._surplus(demands, plan)
        for engine in surplus:
            self._router.remove(engine)
        await asyncio.gather(*(self._stop(engine) for engine in surplus))

    async def stop_all(self) -> None:
        """Stops every engine and every start, and whatever is left of others; for the end of the process."""
        starting = [task for tasks in self._starting.values() for task in tasks]
        for task in starting:
            task.cancel()
        await asyncio.gather(*starting, return_exceptions=True)
        await asyncio.gather(*(self._stop(engine) for engine in self._router.all_engines()), return_exceptions=True)
        with contextlib.suppress(PlatformError):
            await self._adoption.end_all()

    async def bury(self, engine: RunningEngine, error: PlatformError | None) -> None:
        """Takes an engine out that died or hangs, and removes what is left of it."""
        if engine.is_dead:
            return
        engine.is_dead = True
        log.warning("an engine is given up", engine=engine.name, reason=str(error))
        self._stop_watching(engine)
        self._router.remove(engine)
        await self._retire(engine, error)

    def _there(self) -> Counter[int]:
        """The versions that have engines, or will soon, and how many."""
        there = Counter(engine.plan.version_id for engine in self._router.all_engines())
        there.update({version_id: len(tasks) for version_id, tasks in self._starting.items() if tasks})
        return there

    def _start_missing(self, version_id: int, missing: int) -> None:
        record = self._records[version_id]
        if not missing or time.monotonic() < record.not_before:
            return
        at_once = MOST_STARTS_AT_ONCE - sum(map(len, self._starting.values()))
        for _ in range(min(missing, at_once)):
            task = asyncio.create_task(self._start(version_id), name=f"start engine of version {version_id}")
            self._starting[version_id].add(task)
            task.add_done_callback(self._starting[version_id].discard)

    async def _start(self, version_id: int) -> None:
        record = self._records[version_id]
        try:
            async with self._database.read() as session:
                plan = plan_for(await load_version(session, version_id))
            await self._launcher.check(plan)
            engine = await self._launch(plan)
        except PlatformError as error:
            log.warning("an engine could not be started", version=version_id, reason=str(error))
            if record.failed(now=time.monotonic()) and not isinstance(error, RuntimeUnavailable):
                await self._give_up(version_id, error)
            return
        except Exception:  # noqa: BLE001 - a bug with one version must not be tried again at once, for ever
            log.exception("an engine could not be started", version=version_id)
            record.failed(now=time.monotonic())
            return
        record.succeeded()
        self._announce(engine)

    async def _launch(self, plan: EnginePlan) -> RunningEngine:
        row = new_engine(self._clock, plan, Purpose.SERVE, self._owner)
        async with self._database.write() as session:
            session.add(row)
        container = None
        try:
            container = await self._launcher.create(row.id, row.name, plan)
            async with self._database.write() as session:
                await set_engine(session, row.id, container=container)
            engine = await self._launcher.wait_ready(row.id, row.name, container, plan)
            await self._record_ready(engine)
        except BaseException as error:
            try:
                await self._launcher.remove(row.id, container)
            finally:
                async with self._database.write() as session:
                    await end_engine(session, self._clock, row.id, error if isinstance(error, PlatformError) else None)
            raise
        return engine

    async def _record_ready(self, engine: RunningEngine) -> None:
        async with self._database.write() as session:
            await set_engine(
                session,
                engine.engine_id,
                state=EngineState.READY,
                ready_at=self._clock.now(),
                protocol=engine.protocol_name,
                port=engine.port,
            )

    def _announce(self, engine: RunningEngine) -> None:
        self._router.add(engine, now=time.monotonic())
        self._watchers[engine.engine_id] = asyncio.create_task(self._watch(engine), name=f"watch {engine.name}")

    async def _watch(self, engine: RunningEngine) -> None:
        """Notices when an engine's container ends by itself."""
        while True:
            try:
                await self._launcher.runtime.wait_container(engine.container)
                break
            except PlatformError:
                if await self._is_gone(engine):
                    break
                await self._clock.sleep(SECONDS_BETWEEN_ROUNDS)
        await self.bury(engine, await self._launcher.cause_of_death(engine))

    async def _is_gone(self, engine: RunningEngine) -> bool:
        try:
            return await self._launcher.cause_of_death(engine) is not None
        except PlatformError:
            return False

    def _surplus(self, demands: dict[int, Demand], plan: Balance) -> list[RunningEngine]:
        """The engines to stop, of all versions; where others wait for them, idle ones do not stay any longer."""
        chosen: dict[str, RunningEngine] = {}
        spare: list[tuple[float, str, RunningEngine]] = []
        for version_id in {engine.plan.version_id for engine in self._router.all_engines()}:
            engines = {engine.engine_id: engine for engine in self._router.engines(version_id)}
            idle = {name: self._router.idle_seconds(engine, now=time.monotonic()) for name, engine in engines.items()}
            demand = demands.get(version_id, Demand(0, 0, 0))
            wanted = plan.wanted.get(version_id, 0)
            surplus = surplus_engines(demand, idle, idle_seconds=self._idle_seconds, wanted=wanted)
            chosen |= {name: engines[name] for name in surplus}
            unwanted = surplus_engines(demand, idle, idle_seconds=0, wanted=wanted)
            spare += [(idle[name], demand.account, engines[name]) for name in unwanted if name not in surplus]
        return [*chosen.values(), *_longest_idle(spare, plan.to_free)]

    async def _stop(self, engine: RunningEngine) -> None:
        self._stop_watching(engine)
        self._router.remove(engine)
        async with self._database.write() as session:
            await set_engine(session, engine.engine_id, state=EngineState.STOPPING)
        await self._retire(engine, None)

    async def _retire(self, engine: RunningEngine, error: PlatformError | None) -> None:
        try:
            await self._launcher.stop(engine)
        finally:  # a container that could not be removed now is an orphan from here on, and swept
            async with self._database.write() as session:
                await end_engine(session, self._clock, engine.engine_id, error)
            self._bell.ring()

    def _stop_watching(self, engine: RunningEngine) -> None:
        watcher = self._watchers.pop(engine.engine_id, None)
        if watcher is not None and watcher is not asyncio.current_task():
            watcher.cancel()


def _longest_idle(spare: list[tuple[float, str, RunningEngine]], to_free: Mapping[str, int]) -> Iterator[RunningEngine]:
    """Of engines that nobody wants (idle seconds, account, engine) as many as their accounts have to give up."""
    left = dict(to_free)
    for _, account, engine in sorted(spare, key=lambda entry: -entry[0]):
        if left.get(account, 0) > 0:
            left[account] -= 1
            yield engine
