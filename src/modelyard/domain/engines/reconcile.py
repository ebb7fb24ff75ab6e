"""Compares the engines that should run with those that do, and acts: the only place that starts and stops them."""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError, Unavailable
from modelyard.core.logs import log
from modelyard.core.patience import patiently
from modelyard.domain.engines.adopt import Adoption
from modelyard.domain.engines.errors import EnginesKeepDying
from modelyard.domain.engines.health import HealthRecord, Verdict
from modelyard.domain.engines.launch import Launcher, RunningEngine
from modelyard.domain.engines.routing import Router
from modelyard.domain.engines.rows import count_live, end_engine, set_engine
from modelyard.domain.engines.situations import SituationBoard, lacks_licence, reason_to_wait
from modelyard.domain.engines.standby import Standby, StandbyLimits
from modelyard.domain.engines.starts import Starts
from modelyard.domain.engines.tables import EngineState
from modelyard.domain.engines.wanted import Balance, Demand, balance, surplus_engines
from modelyard.domain.images.supply import ImageNotHere
from modelyard.domain.models import versions
from modelyard.domain.work.processes import ENGINES, count_processes

TOPIC = "demand"
"""Rings when more or fewer engines may be wanted."""
SECONDS_BETWEEN_ROUNDS = 1.0
SECONDS_BETWEEN_SWEEPS = 60.0
SECONDS_BETWEEN_RINGS = 0.25
"""However often it rings, no round begins sooner after the last one: each reads all that waits."""
SECONDS_TO_STOP = 30.0
"""At the end of the process; what is left is ended by the next one."""

FAILURES_WHILE_OTHERS_MAY_COME = 6
"""Of starts in a row, which take half a minute, for the sake of a machine that has the image and is away."""

ReadDemand = Callable[[AsyncSession, Collection[int]], Awaitable[dict[int, Demand]]]
GiveUp = Callable[[int, PlatformError], Awaitable[None]]


class Reconciler:
    """Keeps the engines as the demand wants them.

    Args:
        read_demand: versions that should have engines, or have open items, or are among those given, which have
            engines now.
        give_up: called with a version and the reason when its engines fail again and again.
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
        standby: StandbyLimits,
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
        self._standby = Standby(launcher, standby)
        self._starts = Starts(
            database,
            clock,
            launcher,
            self._standby,
            owner=owner,
            may_start=self._may_start,
            ready=self._announce_started,
            failed=self._start_failed,
        )
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._records: defaultdict[int, HealthRecord] = defaultdict(HealthRecord)
        self._board = SituationBoard(database, clock)

    async def adopt(self) -> None:
        """Takes over what an earlier process left; to be called once, before `run`."""
        for engine in await self._adoption.adopt():
            self._announce(engine)

    async def run(self) -> None:
        """Goes on until cancelled."""
        next_sweep = time.monotonic() + SECONDS_BETWEEN_SWEEPS
        while True:
            began = time.monotonic()
            try:
                await self.reconcile_once()
                if time.monotonic() > next_sweep:
                    next_sweep = time.monotonic() + SECONDS_BETWEEN_SWEEPS
                    await self._adoption.remove_orphans()
            except PlatformError as error:
                log.warning("engines could not be reconciled; next try follows", reason=str(error))
            if await self._bell.wait(SECONDS_BETWEEN_ROUNDS):
                await asyncio.sleep(began + SECONDS_BETWEEN_RINGS - time.monotonic())

    async def reconcile_once(self) -> None:
        """One round: what is missing is started in the background, what is idle is paused or stopped."""
        async with self._database.read() as session:
            elsewhere = await count_live(session, except_owner=self._owner)
            older = await count_live(session, except_owner=self._owner, before_owner=self._owner)
            there = self._there() + elsewhere
            demands = await self._read_demand(session, {*there, *self._standby.versions()})
        plan = balance(demands, there)
        for version_id, missing in plan.to_start.items():
            if missing and time.monotonic() >= self._records[version_id].not_before:
                self._starts.begin(version_id, missing)
        surplus = self._surplus(demands, plan, older)
        for engine in surplus:
            self._router.remove(engine)
        await asyncio.gather(*(self._rest(engine, demands) for engine in surplus), self._end_standby(demands))
        await self._show_situations(demands, plan, elsewhere)

    async def stop_all(self) -> None:
        """Stops every engine and every start, and whatever is left of others; for the end of the process."""
        with contextlib.suppress(PlatformError, TimeoutError):
            async with asyncio.timeout(SECONDS_TO_STOP):
                await self._starts.cancel()
                await self._board.show({})
                ready = [self._stop(engine) for engine in self._router.all_engines()]
                paused = [self._stop(engine, is_paused=True) for engine in self._standby.take_all()]
                await asyncio.gather(*ready, *paused, return_exceptions=True)
                await self._adoption.end_all()

    async def bury(self, engine: RunningEngine, error: PlatformError | None) -> None:
        """Takes an engine out that died or hangs, and removes what is left of it."""
        if engine.is_dead:
            return
        engine.is_dead = True
        log.warning("an engine is given up", engine=engine.name, reason=str(error))
        self._stop_watching(engine)
        self._router.remove(engine)
        self._standby.forget(engine)
        try:
            await self._count_death(engine, error)
        finally:  # nobody buries it again
            await self._retire(engine, error)

    def _there(self) -> Counter[int]:
        """The versions that have engines, or will soon, and how many."""
        return Counter(engine.plan.version_id for engine in self._router.all_engines()) + self._starts.under_way()

    async def _may_start(self, session: AsyncSession, version_id: int) -> bool:
        """Whether one more engine is wanted, by what all processes have written down."""
        there = await count_live(session)
        demands = await self._read_demand(session, {*there, version_id})
        return balance(demands, there).to_start.get(version_id, 0) > 0

    async def _start_failed(self, version_id: int, error: Exception) -> None:
        record = self._records[version_id]
        verdict = record.start_failed(str(error), now=time.monotonic())
        if verdict != Verdict.HOPELESS or not isinstance(error, PlatformError):
            return
        if await self._is_hopeless(error, record.failures):
            await self._give_up_patiently(version_id, error)

    async def _is_hopeless(self, error: PlatformError, failures: int) -> bool:
        """Whether waiting does not help: not where something is away, or another machine may do it, also one that is
        just being started anew.
        """
        if not isinstance(error, Unavailable):
            return True
        if not isinstance(error, ImageNotHere) or not error.is_final:
            return False
        if not self._database.is_sqlite and failures < FAILURES_WHILE_OTHERS_MAY_COME:
            return False
        async with self._database.read() as session:
            return await count_processes(session, ENGINES) <= 1

    async def _count_death(self, engine: RunningEngine, error: PlatformError | None) -> None:
        version_id = engine.plan.version_id
        worked_at = max(other.worked_at for other in (engine, *self._router.engines(version_id)))
        reason = str(error or "the platform could not go on with it")
        verdict = self._records[version_id].died(reason, worked_at=worked_at, now=time.monotonic())
        if verdict == Verdict.QUARANTINE:
            log.warning("a version is quarantined, as its engines keep dying", version=version_id, reason=reason)
        if verdict == Verdict.HOPELESS:
            await self._give_up_patiently(version_id, error or EnginesKeepDying())

    async def _give_up_patiently(self, version_id: int, error: PlatformError) -> None:
        await patiently(self._clock, partial(self._give_up, version_id, error))

    def _announce_started(self, engine: RunningEngine) -> None:
        self._records[engine.plan.version_id].started()
        self._announce(engine)

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

    def _surplus(self, demands: dict[int, Demand], plan: Balance, older: Counter[int]) -> list[RunningEngine]:
        """The engines to stop, of all versions; where others wait for them, idle ones do not stay any longer.

        Of several processes the one whose name comes first keeps what is wanted; `older` are the engines of those.
        """
        chosen: dict[str, RunningEngine] = {}
        spare: list[tuple[float, str, RunningEngine]] = []
        for version_id in {engine.plan.version_id for engine in self._router.all_engines()}:
            engines = {engine.engine_id: engine for engine in self._router.engines(version_id)}
            idle = {name: self._router.idle_seconds(engine, now=time.monotonic()) for name, engine in engines.items()}
            demand = demands.get(version_id, Demand(0, 0, 0))
            wanted = max(0, plan.wanted.get(version_id, 0) - older[version_id])
            surplus = surplus_engines(demand, idle, idle_seconds=self._idle_seconds, wanted=wanted)
            chosen |= {name: engines[name] for name in surplus}
            unwanted = surplus_engines(demand, idle, idle_seconds=0, wanted=wanted)
            spare += [(idle[name], demand.account, engines[name]) for name in unwanted if name not in surplus]
        return [*chosen.values(), *_longest_idle(spare, plan.to_free)]

    async def _rest(self, engine: RunningEngine, demands: Mapping[int, Demand]) -> None:
        """Pauses an engine that may be wanted again, or stops it."""
        demand = demands.get(engine.plan.version_id)
        if demand is None or not demand.maximum or not self._standby.has_room():
            await self._stop(engine)
            return
        self._stop_watching(engine)
        if not await self._standby.pause(engine):
            await self._stop(engine)
            return
        await self._note_state(engine, EngineState.PAUSED)

    async def _end_standby(self, demands: Mapping[int, Demand]) -> None:
        """Ends engines that were paused for long enough, or whose versions may have none any more."""
        may_run = {version_id for version_id, demand in demands.items() if demand.maximum}
        expired = self._standby.take_expired(self._standby.versions() - may_run, now=time.monotonic())
        await asyncio.gather(*(self._stop(engine, is_paused=True) for engine in expired))

    async def _show_situations(
        self, demands: Mapping[int, Demand], plan: Balance, elsewhere: Mapping[int, int]
    ) -> None:
        starting, now = self._starts.under_way(), time.monotonic()
        reasons = {
            version_id: reason_to_wait(
                demand,
                self._records[version_id],
                ready=len(self._router.engines(version_id)) + elsewhere.get(version_id, 0),
                starting=starting[version_id],
                fetching=self._starts.fetching[version_id],
                lacks_licence=lacks_licence(version_id, demand, plan),
                now=now,
            )
            for version_id, demand in demands.items()
        }
        await self._board.show({version_id: reason for version_id, reason in reasons.items() if reason})

    async def _stop(self, engine: RunningEngine, *, is_paused: bool = False) -> None:
        self._stop_watching(engine)
        self._router.remove(engine)
        if is_paused:
            await self._standby.thaw(engine)
        await self._note_state(engine, EngineState.STOPPING)
        await self._retire(engine, None)

    async def _note_state(self, engine: RunningEngine, state: EngineState) -> None:
        """However long it takes: an engine that nobody has in hand any more must not seem to serve."""

        async def note() -> None:
            async with self._database.write() as session:
                await set_engine(session, engine.engine_id, state=state)

        await patiently(self._clock, note)

    async def _retire(self, engine: RunningEngine, error: PlatformError | None) -> None:
        printed = "" if error else await self._launcher.last_words(engine)
        try:
            await self._launcher.stop(engine)
        finally:  # a container that could not be removed now is an orphan from here on, and swept
            await patiently(self._clock, partial(self._note_end, engine, error, printed))
            self._bell.ring()

    async def _note_end(self, engine: RunningEngine, error: PlatformError | None, printed: str) -> None:
        async with self._database.write() as session:
            await end_engine(session, self._clock, engine.engine_id, error, printed=printed)

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
