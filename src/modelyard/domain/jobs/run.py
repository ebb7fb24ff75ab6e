"""Runs the items of jobs: one pump per ready engine claims items, infers, and stores what became of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from modelyard.adapters.container_protocols.base import NotReachable, RunTimedOut
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError, Unavailable
from modelyard.core.logs import log
from modelyard.domain.engines import routing
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.engines.rows import load_version
from modelyard.domain.inference.request import Answer, InferenceOptions, infer
from modelyard.domain.jobs import submit
from modelyard.domain.jobs.blobs import OUTPUTS, BlobStore
from modelyard.domain.jobs.claims import (
    Claim,
    ClaimedItem,
    FinishedItem,
    claim_items,
    finish_items,
    give_back_items,
    put_back_items,
)
from modelyard.domain.models.contract import declared_outputs

SECONDS_BETWEEN_LOOKS = 1.0
LONGEST_RETRY_SECONDS = 5.0

_T = TypeVar("_T")
AwaitDeath = Callable[[RunningEngine], Awaitable[PlatformError | None]]
Bury = Callable[[RunningEngine, PlatformError | None], Awaitable[None]]


class ItemRunner:
    """Keeps a pump on every ready engine.

    Args:
        await_death: says why an engine that broke its connection ended, or None when its container still runs.
        bury: takes an engine out of use that died or hangs.
        seconds_between_looks: after which it looks for work or engines of which nobody told it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        router: routing.Router,
        blobs: BlobStore,
        *,
        await_death: AwaitDeath,
        bury: Bury,
        owner: str,
        seconds_between_looks: float = SECONDS_BETWEEN_LOOKS,
    ) -> None:
        self._seconds_between_looks = seconds_between_looks
        self._database = database
        self._clock = clock
        self._router = router
        self._blobs = blobs
        self._await_death = await_death
        self._bury = bury
        self._owner = owner
        self._is_draining = False
        self._pumps: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Goes on until cancelled; then items that run are queued again."""
        bell = self._database.bells.listen(routing.TOPIC)
        try:
            while True:
                for engine in self._router.all_engines():
                    if engine.engine_id not in self._pumps and not self._is_draining:
                        self._start_pump(engine)
                await bell.wait(self._seconds_between_looks)
        finally:
            await self._stop_pumps()

    async def drain(self, *, seconds: float) -> None:
        """Claims nothing more, and waits until what runs has finished, but not longer than this."""
        self._is_draining = True
        self._database.bells.ring(submit.TOPIC)  # pumps without work need not wait for some
        if self._pumps:
            await asyncio.wait(self._pumps.values(), timeout=seconds)

    def _start_pump(self, engine: RunningEngine) -> None:
        task = asyncio.create_task(self._pump(engine), name=f"pump {engine.name}")
        self._pumps[engine.engine_id] = task
        task.add_done_callback(lambda _: self._pumps.pop(engine.engine_id, None))

    async def _stop_pumps(self) -> None:
        pumps = list(self._pumps.values())
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, engine: RunningEngine) -> None:
        bell = self._database.bells.listen(submit.TOPIC)
        finished: tuple[Claim, list[FinishedItem]] | None = None
        held: Claim | None = None
        try:
            options = await self._options(engine)
            while True:
                self._router.take(engine)
                held = claim = await self._store_and_claim(engine, finished)
                finished = await self._work(engine, claim, options) if claim else None
                held = claim if finished else None
                self._router.give_back(engine, worked_until=time.monotonic() if claim else None)
                if not self._may_go_on(engine) and finished is None:
                    return
                if claim is None:
                    await bell.wait(self._seconds_between_looks)
        except Exception as error:  # noqa: BLE001 - one pump's bug must not stop the others; its engine is replaced
            log.exception("a pump failed", engine=engine.name)
            await self._pump_failed(engine, held, error)

    async def _pump_failed(self, engine: RunningEngine, held: Claim | None, error: Exception) -> None:
        try:
            if held:
                text = f"The platform failed unexpectedly ({type(error).__name__}); see the server's log."
                await self._put_back(held, error.message if isinstance(error, PlatformError) else text)
        finally:
            await self._bury(engine, None)

    def _may_go_on(self, engine: RunningEngine) -> bool:
        return not self._is_draining and self._router.serves(engine)

    async def _options(self, engine: RunningEngine) -> InferenceOptions:
        async with self._database.read() as session:
            version = await load_version(session, engine.plan.version_id)
        return InferenceOptions(
            outputs=declared_outputs(version),
            run_timeout=(version.run_timeout_ms or 0) / 1000,
            detect_drift=True,
        )

    async def _store_and_claim(
        self, engine: RunningEngine, finished: tuple[Claim, list[FinishedItem]] | None
    ) -> Claim | None:
        """Stores outcomes and takes the next items in one transaction."""

        async def store_and_claim() -> Claim | None:
            async with self._database.write(beside_others=True) as session:
                if finished:
                    await finish_items(session, self._clock, *finished)
                if not self._may_go_on(engine):
                    return None
                return await claim_items(
                    session,
                    self._clock,
                    version_id=engine.plan.version_id,
                    engine=engine.name,
                    owner=self._owner,
                    most=engine.facts.batch_size,
                )

        return await self._patiently(store_and_claim)

    async def _work(
        self, engine: RunningEngine, claim: Claim, options: InferenceOptions
    ) -> tuple[Claim, list[FinishedItem]] | None:
        """Runs claimed items; None when they were put back, because their engine is of no use any more."""
        try:
            return claim, await self._infer(engine, claim, options)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(claim))
            raise
        except RunTimedOut as error:
            await self._engine_lost(engine, claim, error, is_final=len(claim.items) == 1)
        except NotReachable as error:
            await self._engine_lost(engine, claim, await self._await_death(engine) or error, is_final=False)
        return None

    async def _infer(self, engine: RunningEngine, claim: Claim, options: InferenceOptions) -> list[FinishedItem]:
        began = time.perf_counter()
        inputs = await self._patiently(lambda: self._read_inputs(claim))
        fetched = time.perf_counter()
        wanted = InferenceOptions(options.outputs, options.run_timeout, claim.items[0].explain, options.detect_drift)
        answers = await infer(engine, [inputs.get(item.id, {}) for item in claim.items], wanted)
        fetch_ms = round((fetched - began) * 1000)
        latency_ms = round((time.perf_counter() - began) * 1000 / len(answers))
        pairs = zip(claim.items, answers, strict=True)
        return [await self._finished(item, answer, fetch_ms, latency_ms) for item, answer in pairs]

    async def _finished(self, item: ClaimedItem, answer: Answer, fetch_ms: int, latency_ms: int) -> FinishedItem:
        rows = []
        for output in answer.outputs:
            data, key = await self._patiently(partial(self._blobs.keep, OUTPUTS, item.job_id, output.data))
            size = len(output.data)
            rows.append(
                {"name": output.name, "media_type": output.media_type, "size": size, "data": data, "storage_key": key}
            )
        return FinishedItem(item, rows, answer.error, fetch_ms, latency_ms)

    async def _read_inputs(self, claim: Claim) -> Mapping[int, dict[str, bytes]]:
        async with self._database.read() as session:
            return await self._blobs.read_inputs(session, [item.id for item in claim.items])

    async def _engine_lost(self, engine: RunningEngine, claim: Claim, error: PlatformError, *, is_final: bool) -> None:
        if is_final:
            await self._patiently(lambda: self._fail(claim, error.message))
        else:
            await self._put_back(claim, error.message)
        await self._bury(engine, error)

    async def _fail(self, claim: Claim, reason: str) -> None:
        async with self._database.write(beside_others=True) as session:
            failed = [FinishedItem(item, error=reason) for item in claim.items]
            await finish_items(session, self._clock, claim, failed)

    async def _put_back(self, claim: Claim, reason: str) -> None:
        async def put_back() -> None:
            async with self._database.write(beside_others=True) as session:
                await put_back_items(session, self._clock, claim, reason)

        await self._patiently(put_back)

    async def _patiently(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Waits out a database or storage that is away: who gave up would leave claimed items that nobody runs."""
        delay = 0.1
        while True:
            try:
                return await call()
            except (OperationalError, Unavailable) as error:
                log.warning("the database or storage does not work; trying again", reason=str(error))
                await self._clock.sleep(delay)
                delay = min(LONGEST_RETRY_SECONDS, delay * 2)

    async def _give_back(self, claim: Claim) -> None:
        async with self._database.write(beside_others=True) as session:
            await give_back_items(session, claim)
