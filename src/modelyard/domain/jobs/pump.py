"""A pump feeds one ready engine with the items of jobs, as fast as it takes them, and stores what became of them.

It claims items in chunks. While a chunk of quick items runs, the outcomes of the one before are stored and the next
one is claimed, in one transaction. Inputs that are elsewhere are fetched meanwhile (`fetching.py`). An item counts only
once its outcome is stored.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import count
from typing import Any, TypeVar

from modelyard.adapters.container_protocols.base import ExchangeFull, NotReachable, RunTimedOut
from modelyard.adapters.container_protocols.output_files import OutputChanged, OutputGone
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.ids import new_uuid
from modelyard.core.logs import log
from modelyard.core.patience import patiently
from modelyard.domain.engines import routing
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.engines.rows import load_version
from modelyard.domain.inference.request import Answer, InferenceOptions, Items, forget_answers, infer
from modelyard.domain.jobs import submit
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.claims import (
    Claim,
    ClaimedItem,
    Fetches,
    FinishedItem,
    claim_items,
    find_claim,
    finish_items,
    give_back_items,
    put_back_items,
)
from modelyard.domain.jobs.fetching import Chunk, Fetching
from modelyard.domain.jobs.item_inputs import InputPlaces, InputReader, find_inputs
from modelyard.domain.jobs.pace import Pace, split_into_batches
from modelyard.domain.jobs.spool import Spool, forget_files
from modelyard.domain.jobs.status import ErrorSide
from modelyard.domain.models.contract import declared_outputs

SECONDS_UNTIL_THERE_IS_ROOM = 2.0
SECONDS_UNTIL_OLD = 1.0
"""Then it is asked whether what was claimed and is not begun is still to be run here."""
_SECONDS_TO_END = 2.0

_T = TypeVar("_T")
_Batch = tuple[ClaimedItem, ...]
AwaitDeath = Callable[[RunningEngine], Awaitable[PlatformError | None]]
IsFrozen = Callable[[RunningEngine], Awaitable[bool]]
Bury = Callable[[RunningEngine, PlatformError | None], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class PumpParts:
    """What all pumps of a process share.

    Args:
        await_death: says why an engine that broke its connection ended, or None when its container still runs.
        is_frozen: whether somebody has stopped the container of an engine that does not answer, which then is not to
            blame, nor is its item.
        bury: takes an engine out of use that died or hangs.
        is_draining: that nothing more is to be begun.
        seconds_between_looks: after which it looks for work of which nobody told it.
    """

    database: Database
    clock: Clock
    router: routing.Router
    blobs: BlobStore
    inputs: InputReader
    await_death: AwaitDeath
    is_frozen: IsFrozen
    bury: Bury
    owner: str
    is_draining: Callable[[], bool]
    seconds_between_looks: float
    pace: Pace


class _EngineLost(Exception):
    """The engine is of no use any more."""

    def __init__(self, cause: PlatformError, *, is_final: bool) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.is_final = is_final
        """That the item that ran is to blame, and must not run again."""


class Pump:
    """Works for one engine until it is of no use any more, or nothing more is to be begun."""

    def __init__(self, parts: PumpParts, engine: RunningEngine) -> None:
        self._parts = parts
        self._engine = engine
        self._options = InferenceOptions((), 0)
        self._spool = Spool(engine.exchange)
        self._bell = parts.database.bells.listen(submit.TOPIC)
        self._ready: deque[Chunk] = deque()
        self._fetching = Fetching(parts.database, parts.clock, parts.inputs, self._spool, self._note_ready)
        self._unsettled: list[Chunk] = []
        """Claimed, and not all of it stored or given back."""
        self._newest_token = ""

    @property
    def claims(self) -> set[str]:
        """Tokens of the claims that it works on, is about to make, or has yet to store."""
        return {self._newest_token, *(chunk.claim.token for chunk in self._unsettled)}

    async def run(self) -> None:
        """Goes on until cancelled; then what runs is queued again, as if it had not been begun."""
        parts, engine = self._parts, self._engine
        try:
            self._options = await self._patiently(self._read_options)
            while self._may_go_on():
                parts.router.take(engine)
                has_worked = await self._work_off()
                parts.router.give_back(engine, worked_until=time.monotonic() if has_worked else None)
                if self._may_go_on():
                    await self._bell.wait(parts.seconds_between_looks)
            await self._settle(None)
        except _EngineLost as lost:
            side = ErrorSide.PLATFORM if isinstance(lost.cause, OutputGone) else ErrorSide.MODEL
            await self._settle(lost.cause.message, is_final=lost.is_final, side=side)
            await parts.bury(engine, lost.cause)
        except asyncio.CancelledError:
            await asyncio.shield(self._settle_now())
            raise
        except Exception as error:  # noqa: BLE001 - one pump's bug must not stop the others; its engine is replaced
            log.exception("a pump failed", engine=engine.name)
            await self._settle(_apology(error), side=ErrorSide.PLATFORM)
            await parts.bury(engine, None)
        finally:
            await self._spool.empty()  # of what was not begun

    async def _work_off(self) -> bool:
        """Works until nothing waits; returns whether anything did."""
        has_worked = False
        while chunk := await self._next_chunk():
            has_worked = True
            ahead = asyncio.create_task(self._exchange()) if self._may_look_ahead(chunk) else None
            try:
                await self._run_chunk(chunk)
            finally:
                if ahead:
                    await _ended(ahead)
        return has_worked

    async def _next_chunk(self) -> Chunk | None:
        """Items whose inputs are there; None when nothing more can be claimed now."""
        while not self._ready:
            if not await self._exchange():
                return None
        return self._ready.popleft()

    def _note_ready(self, chunk: Chunk) -> None:
        self._add_ready(chunk)
        self._bell.ring()

    def _add_ready(self, chunk: Chunk) -> None:
        chunk.looked_at = time.monotonic()
        self._ready.append(chunk)

    def _may_go_on(self) -> bool:
        return not self._parts.is_draining() and self._parts.router.serves(self._engine)

    def _may_look_ahead(self, chunk: Chunk) -> bool:
        pace = self._parts.pace
        return (
            chunk.is_full
            and not self._ready
            and pace.may_look_ahead(self._engine.plan.version_id, len(chunk.claim.items))
        )

    async def _exchange(self) -> bool:
        """Stores what has finished and takes the next items, in one transaction; then reads their inputs.

        What has to be fetched is ready later. Returns whether there were any items.
        """
        done = [chunk for chunk in self._unsettled if not chunk.running and not chunk.waiting]
        most = self._parts.pace.items_of_a_claim(self._engine.plan.version_id, self._engine.facts.batch_size)
        token, tries = new_uuid(), count()
        self._newest_token = token
        claimed = await self._patiently(
            lambda: self._store_and_claim(done, most, token=token, is_retry=next(tries) > 0)
        )
        self._unsettled = [chunk for chunk in self._unsettled if chunk not in done]
        if claimed is None:
            return False
        claim, places = claimed
        is_full = len(claim.items) >= most
        here, elsewhere = places.split()
        for group in elsewhere:
            self._fetching.begin(self._begin_chunk(claim, group, is_full, is_fetched=True), group)
        if here.item_ids:
            chunk = self._begin_chunk(claim, here, is_full)
            chunk.inputs = await self._patiently(partial(self._parts.inputs.bring, here, self._spool))
            self._add_ready(chunk)
        return True

    def _begin_chunk(self, claim: Claim, places: InputPlaces, is_full: bool, *, is_fetched: bool = False) -> Chunk:
        wanted = set(places.item_ids)
        items = tuple(item for item in claim.items if item.id in wanted)
        chunk = Chunk(replace(claim, items=items), {}, is_full, is_fetched)
        self._unsettled.append(chunk)
        return chunk

    async def _store_and_claim(
        self, done: list[Chunk], most: int, *, token: str, is_retry: bool
    ) -> tuple[Claim, InputPlaces] | None:
        parts, engine = self._parts, self._engine
        async with parts.database.write(beside_others=True, is_brief=True) as session:
            for chunk in done:
                await finish_items(session, parts.clock, chunk.claim, chunk.finished)
            claim = await find_claim(session, token) if is_retry else None  # only the answer of the commit was lost
            if claim is None and self._may_go_on():
                claim = await claim_items(
                    session,
                    parts.clock,
                    version_id=engine.plan.version_id,
                    engine=engine.name,
                    owner=parts.owner,
                    most=most,
                    token=token,
                    fetches=Fetches(self._fetching.most_of_a_lane(most), self._fetching.lanes(self._ready)),
                )
            return (claim, await find_inputs(session, [item.id for item in claim.items])) if claim else None

    async def _run_chunk(self, chunk: Chunk) -> None:
        """Runs what was claimed; what is not begun when the engine is given up goes back. Raises _EngineLost."""
        runnable = []
        for item in chunk.claim.items:
            inputs = chunk.inputs[item.id]
            if inputs.error:
                side, fetch_ms = inputs.error_side, inputs.fetch_ms
                chunk.finished.append(FinishedItem(item, error=inputs.error, error_side=side, fetch_ms=fetch_ms))
            elif not inputs.is_postponed:
                runnable.append(item)
        for planned in split_into_batches(runnable, max(1, self._engine.facts.batch_size)):
            batch = await self._still_to_run(chunk, planned)
            if not batch:
                continue
            chunk.running = batch
            outcomes = await self._run_batch(chunk, batch)
            chunk.running = ()
            chunk.finished += outcomes
        if chunk.waiting:
            await self._settle_one(chunk)

    async def _still_to_run(self, chunk: Chunk, batch: _Batch) -> _Batch:
        """What of a batch is to be run here. What is not goes back, and is claimed by whoever is free, or by nobody.

        A claim is a tenth of a second of work, if items take as long as those before them. When they take longer, their
        job may be canceled meanwhile, other engines idle, and other people wait. Only what was fetched stays.
        """
        if not self._may_go_on():
            return ()
        if time.monotonic() - chunk.looked_at > SECONDS_UNTIL_OLD:
            if not chunk.is_fetched:
                return ()
            chunk.held = await self._patiently(partial(self._read_held, chunk.claim))
            chunk.looked_at = time.monotonic()
        return batch if chunk.held is None else tuple(item for item in batch if item.id in chunk.held)

    async def _read_held(self, claim: Claim) -> set[int]:
        async with self._parts.database.read() as session:
            held = await find_claim(session, claim.token)
        return {item.id for item in held.items} if held else set()

    async def _run_batch(self, chunk: Chunk, batch: _Batch) -> list[FinishedItem]:
        known = self._options
        wanted = InferenceOptions(known.outputs, known.run_timeout, batch[0].explain, known.detect_drift)
        inputs = [chunk.inputs[item.id].values for item in batch]
        began = time.perf_counter()
        try:
            answers = await self._infer(inputs, wanted)
        except RunTimedOut as error:
            is_frozen = await self._parts.is_frozen(self._engine)
            raise _EngineLost(error, is_final=len(batch) == 1 and not is_frozen) from error
        except NotReachable as error:
            raise _EngineLost(await self._parts.await_death(self._engine) or error, is_final=False) from error
        finally:
            forget_files(inputs)
        seconds = time.perf_counter() - began
        self._engine.worked_at = time.monotonic()
        self._parts.pace.note(self._engine.plan.version_id, items=len(batch), seconds=seconds)
        run_ms = round(seconds * 1000 / len(batch))
        finished = []
        try:
            for item, answer in zip(batch, answers, strict=True):
                fetch_ms = chunk.inputs[item.id].fetch_ms
                finished.append(await self._finished(item, answer, fetch_ms, fetch_ms + run_ms))
        except OutputGone as error:
            raise _EngineLost(await self._parts.await_death(self._engine) or error, is_final=False) from error
        finally:
            forget_answers(answers)
        return finished

    async def _infer(self, inputs: Items, wanted: InferenceOptions) -> list[Answer]:
        """Runs items; while there is no room for what is exchanged with the program, they wait for some."""
        while True:
            try:
                return await infer(self._engine, inputs, wanted)
            except ExchangeFull as error:
                log.warning("items wait for room on the disk", engine=self._engine.name, reason=error.message)
            await self._parts.clock.sleep(SECONDS_UNTIL_THERE_IS_ROOM)

    async def _finished(self, item: ClaimedItem, answer: Answer, fetch_ms: int, latency_ms: int) -> FinishedItem:
        rows: list[dict[str, Any]] = []
        error = answer.error
        try:
            for output in answer.outputs:
                kept = await self._patiently(partial(self._parts.blobs.keep_output, item.job_id, output.data))
                rows.append({"name": output.name, "media_type": output.media_type, **asdict(kept)})
        except OutputChanged as problem:
            rows, error = [], problem.message
        side = ErrorSide.MODEL if error else None
        return FinishedItem(item, rows, error, side, fetch_ms, latency_ms, self._parts.clock.now())

    async def _settle(self, reason: str | None, *, is_final: bool = False, side: ErrorSide = ErrorSide.MODEL) -> None:
        """Stores what has finished, and queues the rest again; what ran is marked when there is a reason."""
        await self._fetching.stop()
        await self._patiently(partial(self._settle_once, self._unsettled, reason, is_final, side))
        self._unsettled.clear()
        self._ready.clear()

    async def _settle_one(self, chunk: Chunk) -> None:
        """The same of one chunk that did not break; what is claimed ahead stays, as it is run next."""
        await self._patiently(partial(self._settle_once, [chunk]))
        self._unsettled.remove(chunk)

    async def _settle_now(self) -> None:
        """The same at the end of the process, which does not wait for a database that is away."""
        await self._fetching.stop()
        await self._settle_once(self._unsettled)
        self._unsettled.clear()

    async def _settle_once(
        self,
        chunks: list[Chunk],
        reason: str | None = None,
        is_final: bool = False,
        side: ErrorSide = ErrorSide.PLATFORM,
    ) -> None:
        if not chunks:
            return
        clock = self._parts.clock
        async with self._parts.database.write(beside_others=True, is_brief=True) as session:
            for chunk in chunks:
                await finish_items(session, clock, chunk.claim, chunk.finished)
                await give_back_items(session, chunk.claim, chunk.waiting)
                if reason is None:
                    await give_back_items(session, chunk.claim, chunk.running)
                elif is_final:
                    failed = [FinishedItem(item, error=reason, error_side=side) for item in chunk.running]
                    await finish_items(session, clock, chunk.claim, failed)
                else:
                    await put_back_items(session, clock, chunk.claim, chunk.running, reason, side)

    async def _read_options(self) -> InferenceOptions:
        async with self._parts.database.read() as session:
            version = await load_version(session, self._engine.plan.version_id)
        return InferenceOptions(
            outputs=declared_outputs(version),
            run_timeout=(version.run_timeout_ms or 0) / 1000,
            detect_drift=True,
        )

    async def _patiently(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Waits out a database or storage that is away: who gave up would leave claimed items that nobody runs."""
        return await patiently(self._parts.clock, call)


async def _ended(ahead: asyncio.Task[bool]) -> None:
    """Waits for what is claimed ahead, but not when its pump is being cancelled: then it is to be given back."""
    current = asyncio.current_task()
    if current is not None and current.cancelling():
        await asyncio.wait([ahead], timeout=_SECONDS_TO_END)
        ahead.cancel()
        return
    await ahead


def _apology(error: Exception) -> str:
    if isinstance(error, PlatformError):
        return error.message
    return f"The platform failed unexpectedly ({type(error).__name__}); see the server's log."
