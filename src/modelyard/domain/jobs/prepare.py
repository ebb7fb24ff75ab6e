"""Finds out the items of a job from a folder or a database, as durable work: an interrupted try begins anew."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass

from modelyard.adapters.sources.base import DatabaseAccess, Sources
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.destinations import HostUnknown
from modelyard.core.errors import InvalidInput, LimitReached, PlatformError, TooLarge
from modelyard.core.patience import patiently
from modelyard.core.sealing import Sealer
from modelyard.domain.engines.rows import load_version
from modelyard.domain.inputs.find_items import ROW, Wanted, find_in_folders, find_rows
from modelyard.domain.inputs.items import LONGEST_NAMES, NamesTooLong, SubmittedItem
from modelyard.domain.inputs.schema_check import schema_check
from modelyard.domain.inputs.sealed_source import Source, open_source
from modelyard.domain.jobs.blobs import INPUTS, BlobStore, input_row
from modelyard.domain.jobs.preparing import (
    PreparationOver,
    Prepared,
    add_held,
    begin_anew,
    fail_whole,
    hold_job,
    is_preparing,
    release,
)
from modelyard.domain.jobs.status import ErrorSide
from modelyard.domain.models.contract import declared_inputs
from modelyard.domain.work.queue import ClaimedWork

ITEMS_TOGETHER = 500
BYTES_TOGETHER = 4_194_304
SECONDS = 3600
"""What finding out the items of one job may take."""
SECONDS_BETWEEN_LOOKS = 3.0
"""At whether the job still wants its items."""


class NothingFound(InvalidInput):
    """There is no item at all."""


@dataclass(frozen=True, slots=True)
class PrepareJob:
    """The task. What goes wrong ends the job, with one failed item that says why."""

    database: Database
    clock: Clock
    sources: Sources
    sealer: Sealer
    blobs: BlobStore
    most_items: int

    async def run(self, work: ClaimedWork) -> None:
        try:
            async with asyncio.timeout(SECONDS) as limit:
                watching = asyncio.create_task(self._watch(work, limit))
                try:
                    await self._prepare(work)
                finally:
                    watching.cancel()
                    await asyncio.wait([watching])  # what reads the database must not outlive the work
        except PreparationOver:
            return
        except TimeoutError:
            if not await self._is_wanted(work):
                return
            raise TooLarge(
                f"finding out the items took more than {SECONDS} seconds; split the query or the folder"
            ) from None

    async def _watch(self, work: ClaimedWork, limit: asyncio.Timeout) -> None:
        """Ends what still waits for a source when the job has ended."""
        await self.clock.sleep(SECONDS_BETWEEN_LOOKS)
        while await patiently(self.clock, lambda: self._is_wanted(work)):
            await self.clock.sleep(SECONDS_BETWEEN_LOOKS)
        limit.reschedule(asyncio.get_running_loop().time())

    async def _is_wanted(self, work: ClaimedWork) -> bool:
        async with self.database.read() as session:
            return await is_preparing(session, work)

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        is_callers = isinstance(error, InvalidInput | TooLarge | LimitReached | HostUnknown)
        side = ErrorSide.CALLER if is_callers else ErrorSide.PLATFORM
        with contextlib.suppress(PreparationOver):
            async with self.database.write(beside_others=True) as session:
                job = await hold_job(session, work)
                name = self._name_of(job.input_kind, job.sealed_source)
                await fail_whole(session, self.clock, job, name=name, error=error.message, side=side)

    async def _prepare(self, work: ClaimedWork) -> None:
        async with self.database.write(beside_others=True) as session:
            job = await hold_job(session, work)
            await begin_anew(session, job)
            version = await load_version(session, job.version_id)
            source = open_source(self.sealer, job.input_kind, job.sealed_source or "")
        await self.blobs.forget(INPUTS, job.id)
        wanted = Wanted(declared_inputs(version), schema_check(version))
        number = letters = 0
        async with contextlib.aclosing(self._found(source, wanted)) as found:
            async for items in _together(found):
                if number + len(items) > self.most_items:
                    raise TooLarge(f"A job may have {self.most_items} items; this source has more. Split it.")
                letters += sum(len(item.name) for item in items)
                if letters > LONGEST_NAMES:
                    raise NamesTooLong
                await self._add(work, number, items)
                number += len(items)
        if not number:
            raise NothingFound(_nothing(source))
        async with self.database.write(beside_others=True) as session:
            job = await hold_job(session, work)
            keeps_source = not isinstance(source.access, DatabaseAccess)
            await release(session, self.clock, job, priority=int(work.payload["priority"]), keeps_source=keeps_source)

    def _found(self, source: Source, wanted: Wanted) -> AsyncGenerator[SubmittedItem]:
        if isinstance(source.access, DatabaseAccess):
            return find_rows(self.sources, source.access, wanted)
        return find_in_folders(self.sources, source.access, source.folders, wanted, most_items=self.most_items)

    async def _add(self, work: ClaimedWork, first_position: int, items: Sequence[SubmittedItem]) -> None:
        kept: list[Prepared] = []
        for item in items:
            rows = []
            for value in item.values:
                data, key = None, None
                if value.location is None:
                    data, key = await self.blobs.keep(INPUTS, work.payload["job"], value.data)
                rows.append(input_row(value, data, key))
            kept.append((item, rows))
        async with self.database.write(beside_others=True) as session:
            await add_held(session, await hold_job(session, work), first_position, kept)

    def _name_of(self, kind: str, sealed: str | None) -> str:
        """What a failure of the whole is called: as the folder, or as the only thing that a query has."""
        with contextlib.suppress(PlatformError):
            source = open_source(self.sealer, kind, sealed or "")
            return source.folders[0].name if source.folders else ROW
        return ROW


async def _together(found: AsyncIterator[SubmittedItem]) -> AsyncIterator[list[SubmittedItem]]:
    items: list[SubmittedItem] = []
    size = 0
    async for item in found:
        items.append(item)
        size += sum(len(value.data) for value in item.values)
        if len(items) >= ITEMS_TOGETHER or size >= BYTES_TOGETHER:
            yield items
            items, size = [], 0
    if items:
        yield items


def _nothing(source: Source) -> str:
    if isinstance(source.access, DatabaseAccess):
        return "the query gives no rows; ask the same of the database itself"
    return "the folder has no objects; see whether its name and the bucket are right"
