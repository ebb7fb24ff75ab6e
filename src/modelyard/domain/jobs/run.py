"""Runs the items of jobs: keeps one pump on every ready engine."""

import asyncio

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.engines import routing
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.jobs import submit
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.item_inputs import InputReader
from modelyard.domain.jobs.pace import Pace
from modelyard.domain.jobs.pump import AwaitDeath, Bury, IsFrozen, Pump, PumpParts

SECONDS_BETWEEN_LOOKS = 1.0


class ItemRunner:
    """Keeps a pump on every ready engine. Its parts are those of `PumpParts`.

    Args:
        seconds_between_looks: after which it looks for work or engines of which nobody told it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        router: routing.Router,
        blobs: BlobStore,
        inputs: InputReader,
        *,
        await_death: AwaitDeath,
        is_frozen: IsFrozen,
        bury: Bury,
        owner: str,
        pace: Pace,
        seconds_between_looks: float = SECONDS_BETWEEN_LOOKS,
    ) -> None:
        self._seconds_between_looks = seconds_between_looks
        self._database = database
        self._router = router
        self._is_draining = False
        self._pumps: dict[str, tuple[Pump, asyncio.Task[None]]] = {}
        """What works for each engine."""
        self._parts = PumpParts(
            database,
            clock,
            router,
            blobs,
            inputs,
            await_death=await_death,
            is_frozen=is_frozen,
            bury=bury,
            owner=owner,
            is_draining=lambda: self._is_draining,
            seconds_between_looks=seconds_between_looks,
            pace=pace,
        )

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
            await asyncio.wait([task for _, task in self._pumps.values()], timeout=seconds)

    def held_claims(self) -> set[str]:
        """Tokens of the claims of all pumps."""
        return {token for pump, _ in self._pumps.values() for token in pump.claims}

    def _start_pump(self, engine: RunningEngine) -> None:
        pump = Pump(self._parts, engine)
        task = asyncio.create_task(pump.run(), name=f"pump {engine.name}")
        self._pumps[engine.engine_id] = pump, task
        task.add_done_callback(lambda _: self._pumps.pop(engine.engine_id, None))

    async def _stop_pumps(self) -> None:
        tasks = [task for _, task in self._pumps.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
