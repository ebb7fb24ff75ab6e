"""Does queued work in this process: claims, runs, keeps alive, retries, and takes over from the dead."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.logs import log
from modelyard.core.patience import patiently
from modelyard.domain.work import queue
from modelyard.domain.work.queue import ClaimedWork
from modelyard.domain.work.retry import SECONDS_UNTIL_NEXT_LOOK, NotYet, delay_before, is_worth_retrying

HEARTBEAT_SECONDS = 5.0
SILENT_FOR = timedelta(seconds=30)
KEEP_FINISHED = timedelta(days=7)


class Task(Protocol):
    """Handles one kind of work. It may be run twice for the same payload, and must then end the same."""

    async def run(self, work: ClaimedWork) -> None:
        """Does the work. Raises Unavailable to be tried again; any other error is final."""

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        """Writes down, where its users look, that the work failed for good."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much work with the same value in its payload runs at once: the others leave room for that of others."""

    key: str
    most: int


class Worker:
    """Runs up to `concurrency` pieces of work at the same time, of the kinds that it has tasks for."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tasks: Mapping[str, Task],
        *,
        owner: str,
        concurrency: int,
        share: Share | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._owner = owner
        self._free = asyncio.Semaphore(concurrency)
        self._bell = database.bells.listen(queue.TOPIC)
        self._share = share
        self._running: dict[int, asyncio.Task[None]] = {}
        self._values: dict[int, str] = {}
        """What the running work has in its payload, under the key of the share."""

    async def take_over_everything(self, owners: str = "") -> int:
        """Queues again its kinds of work that earlier owners held; right only where none of them can be alive.

        Args:
            owners: what their names begin with.
        """
        async with self._database.write() as session:
            return await queue.release_lost(session, self._clock, silent_for=None, kinds=self._tasks, owners=owners)

    async def run(self) -> None:
        """Works until cancelled; then what runs is cancelled too, and is taken up again later."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_alive())
                group.create_task(self._claim_and_start())
        finally:
            running = list(self._running.values())
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _claim_and_start(self) -> None:
        while True:
            await self._free.acquire()
            work = await self._next()
            self._start(work)

    def _start(self, work: ClaimedWork) -> None:
        def end(_: object) -> None:
            del self._running[work.id]
            if self._values.pop(work.id, None) is not None:
                self._bell.ring()
            self._free.release()

        task = asyncio.create_task(self._do(work), name=f"work {work.id} {work.kind}")
        self._running[work.id] = task
        if self._share and self._share.key in work.payload:
            self._values[work.id] = str(work.payload[self._share.key])
        task.add_done_callback(end)

    async def _next(self) -> ClaimedWork:
        while True:
            work, due = await patiently(self._clock, self._claim)
            if work:
                return work
            await self._bell.wait(min(HEARTBEAT_SECONDS, 0.02 + (HEARTBEAT_SECONDS if due is None else due)))

    async def _claim(self) -> tuple[ClaimedWork | None, float | None]:
        """Work that is due, or when some will be. Writers take turns: who finds nothing takes none."""
        skipped = self._skipped()
        async with self._database.read() as session:
            due = await queue.seconds_until_due(session, self._clock, self._tasks, skipped)
        if due is None or due > 0:
            return None, due
        async with self._database.write(beside_others=True, is_brief=True) as session:
            return await queue.claim(session, self._clock, self._owner, self._tasks, skipped), due

    def _skipped(self) -> queue.Skipped | None:
        """Work of whom so much runs that it has to wait."""
        if self._share is None:
            return None
        running = Counter(self._values.values())
        return queue.Skipped(
            self._share.key, [value for value, number in running.items() if number >= self._share.most]
        )

    async def _do(self, work: ClaimedWork) -> None:
        try:
            await self._try(self._tasks[work.kind], work)
        except Exception:  # noqa: BLE001 - the worker loop must go on; without a heartbeat the work comes back
            log.exception("the end of work could not be written down; it is taken up again", work=work.id)

    async def _try(self, task: Task, work: ClaimedWork) -> None:
        try:
            await task.run(work)
        except Exception as error:  # noqa: BLE001 - whatever a task raises is the outcome of its work
            await self._failed(task, work, error)
        else:
            async with self._database.write() as session:
                await queue.finish(session, self._clock, work, self._owner, None)

    async def _failed(self, task: Task, work: ClaimedWork, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, NotYet):
            await self._put_back(work, text, delay=timedelta(seconds=SECONDS_UNTIL_NEXT_LOOK), counts=False)
            return
        if is_worth_retrying(error) and not work.is_last_attempt:
            log.info("work is tried again", kind=work.kind, work=work.id, attempt=work.attempt, error=text)
            await self._put_back(work, text, delay=delay_before(work.attempt + 1), counts=True)
            return
        if not isinstance(error, PlatformError):
            log.error("work failed unexpectedly", kind=work.kind, work=work.id, exc_info=error)
            error = PlatformError(f"The platform failed unexpectedly ({type(error).__name__}); see the server's log.")
        await task.give_up(work, error)
        async with self._database.write() as session:
            await queue.finish(session, self._clock, work, self._owner, text)

    async def _put_back(self, work: ClaimedWork, error: str, *, delay: timedelta, counts: bool) -> None:
        async with self._database.write() as session:
            await queue.put_back(session, self._clock, work, self._owner, error, delay=delay, counts=counts)

    async def _keep_alive(self) -> None:
        while True:
            await self._clock.sleep(HEARTBEAT_SECONDS)
            await patiently(self._clock, self._beat)

    async def _beat(self) -> None:
        async with self._database.read() as session:
            is_tidy = await queue.is_tidy(
                session, self._clock, silent_for=SILENT_FOR, kinds=self._tasks, older_than=KEEP_FINISHED
            )
        if is_tidy and not self._running:
            return
        async with self._database.write() as session:
            await queue.keep_alive(session, self._clock, self._owner, list(self._running))
            await queue.release_lost(session, self._clock, silent_for=SILENT_FOR, kinds=self._tasks)
            await queue.forget_finished(session, self._clock, older_than=KEEP_FINISHED)
