"""The inputs of claimed items, brought to where they are needed; one that cannot be had fails its own item only."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.container_protocols.base import InputData
from modelyard.adapters.sources.base import Objects
from modelyard.adapters.storage.base import StoredFileNotFound
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError, Unavailable
from modelyard.core.logs import log
from modelyard.core.sealing import Sealer
from modelyard.domain.engines.rows import load_version
from modelyard.domain.inputs.fetch import Fetcher, NotFetched, Postponed, Room, Share, is_callers
from modelyard.domain.inputs.items import InputValue
from modelyard.domain.inputs.schema_check import (
    LARGEST_CHECKED,
    ItemsTooCostly,
    SchemaCheck,
    schema_check,
    too_large_to_check,
)
from modelyard.domain.inputs.sealed_source import open_source
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.chunked_inputs import read_chunks, stream_chunks
from modelyard.domain.jobs.spool import LARGEST_IN_MEMORY, Spool, forget_files
from modelyard.domain.jobs.status import ErrorSide
from modelyard.domain.jobs.tables import ItemInput, Job, JobItem
from modelyard.domain.models.contract import DeclaredInput, declared_inputs


@dataclass(slots=True)
class Inputs:
    """The inputs of one item by name, large ones as files; with an error it cannot be run."""

    values: dict[str, InputData] = field(default_factory=dict)
    error: str | None = None
    error_side: ErrorSide | None = None
    is_postponed: bool = False
    """That there was no room for them beside those of other items; the item is to be claimed again."""
    fetch_ms: int = 0

    def fail(self, error: str, side: ErrorSide) -> None:
        """Notes why the item cannot run."""
        self.error, self.error_side = error, side
        self.forget()

    def fail_unexpectedly(self, error: Exception) -> None:
        """Notes that the platform could not bring them, which must not harm other items, nor the engine."""
        log.error("the inputs of an item failed unexpectedly", exc_info=error)
        reason = f"The platform could not bring its inputs ({type(error).__name__}); see the server's log."
        self.fail(reason, ErrorSide.PLATFORM)

    def forget(self) -> None:
        """Lets go of what is there; returns its files' room."""
        forget_files([self.values])
        self.values.clear()

    def bytes_in_memory(self) -> int:
        """What is there, but for files."""
        return sum(len(value) for value in self.values.values() if isinstance(value, bytes))

    def bytes_in_files(self) -> int:
        """What is there in files."""
        return sum(_size_of(value) for value in self.values.values() if isinstance(value, Path))

    def return_room(self, room: Room) -> None:
        """Lets go of what is there, so that others have its room."""
        room.give_back(in_memory=self.bytes_in_memory(), in_files=self.bytes_in_files())
        self.forget()


@dataclass(frozen=True, slots=True)
class _Row:
    """One input as it is kept; objects of the session would take longer to make than to read."""

    item_id: int
    name: str
    size: int
    data: bytes | None
    storage_key: str | None
    location: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Fetched:
    """Items of one job whose inputs are elsewhere, and what is needed to get them."""

    kind: str
    sealed_source: str | None
    version_id: int
    user_id: str
    items: dict[int, list[_Row]]


@dataclass(frozen=True, slots=True)
class _Contract:
    """What the inputs of a version have to be like."""

    declared: tuple[DeclaredInput, ...]
    schema: SchemaCheck | None


@dataclass(frozen=True, slots=True)
class InputPlaces:
    """Where the inputs of some items are: in rows, in the storage, or elsewhere."""

    item_ids: Sequence[int]
    stored: list[_Row] = field(default_factory=list)
    elsewhere: dict[int, list[_Row]] = field(default_factory=dict)
    jobs: list[_Fetched] = field(default_factory=list)
    contracts: Mapping[int, _Contract] = field(default_factory=dict)

    def split(self) -> tuple["InputPlaces", list["InputPlaces"]]:
        """The items whose inputs are all here, and those of each job whose inputs are to be fetched."""
        here = self._of([item for item in self.item_ids if item not in self.elsewhere], [])
        return here, [self._of(list(job.items), [job]) for job in self.jobs]

    def _of(self, items: list[int], jobs: list[_Fetched]) -> "InputPlaces":
        wanted = set(items)
        stored = [row for row in self.stored if row.item_id in wanted]
        elsewhere = {item: rows for item, rows in self.elsewhere.items() if item in wanted}
        return InputPlaces(items, stored, elsewhere, jobs, self.contracts)


@dataclass(frozen=True, slots=True)
class InputReader:
    """Reads inputs that are stored, and fetches those that are not."""

    database: Database
    blobs: BlobStore
    fetcher: Fetcher
    sealer: Sealer

    async def read(self, item_ids: Sequence[int], spool: Spool) -> Mapping[int, Inputs]:
        """The inputs of several items. Raises as `bring`."""
        async with self.database.read() as session:
            places = await find_inputs(session, item_ids)
        return await self.bring(places, spool)

    async def bring(self, places: InputPlaces, spool: Spool) -> Mapping[int, Inputs]:
        """The inputs from where they are. Raises Unavailable when the storage does not work; then no file is left."""
        found = {item: Inputs() for item in places.item_ids}
        try:
            for row in places.stored:
                began = time.perf_counter()
                await self._read_stored(found[row.item_id], row, spool)
                found[row.item_id].fetch_ms += round((time.perf_counter() - began) * 1000)
            if places.jobs:
                await self._fetch(places, found, spool)
        except BaseException:
            forget_files(inputs.values for inputs in found.values())
            raise
        return found

    async def _fetch(self, places: InputPlaces, found: Mapping[int, Inputs], spool: Spool) -> None:
        room = Room()
        first = next((item for item in places.item_ids if item in places.elsewhere), None)
        contracts = places.contracts
        shares = {
            item: Share(room, spool, LARGEST_IN_MEMORY, item == first, job.user_id)
            for job in places.jobs
            for item in job.items
        }
        fetches = (self._fetch_of_job(job, contracts[job.version_id], found, shares) for job in places.jobs)
        await asyncio.gather(*fetches)

    async def _read_stored(self, inputs: Inputs, row: _Row, spool: Spool) -> None:
        if inputs.error:
            return
        try:
            inputs.values[row.name] = await self._data_of(row, spool)
        except StoredFileNotFound:
            inputs.fail(
                f"the input {row.name!r} is not in the platform's storage any more; submit it again", ErrorSide.PLATFORM
            )
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - see there
            inputs.fail_unexpectedly(error)

    async def _data_of(self, row: _Row, spool: Spool) -> InputData:
        came_in_chunks = row.data is None and row.storage_key is None
        is_large = row.size > LARGEST_IN_MEMORY
        if not came_in_chunks:
            return await spool.write(self.blobs.read_stream(row)) if is_large else await self.blobs.read(row)
        if is_large:
            return await spool.write(stream_chunks(self.database, self.blobs, row.item_id, row.name))
        return await read_chunks(self.database, self.blobs, row.item_id, row.name)

    async def _fetch_of_job(
        self, job: _Fetched, contract: _Contract, found: Mapping[int, Inputs], shares: Mapping[int, Share]
    ) -> None:
        try:
            if job.sealed_source is None:
                raise Unavailable("the job has ended, and with it the access to its inputs")
            source = open_source(self.sealer, job.kind, job.sealed_source)
            async with self.fetcher.opened(source.access) as objects, asyncio.TaskGroup() as group:
                for item, rows in job.items.items():
                    group.create_task(self._fetch_item(objects, rows, contract, found[item], shares[item]))
        except PlatformError as error:
            side = ErrorSide.CALLER if is_callers(error) else ErrorSide.PLATFORM
            for item, rows in job.items.items():
                names = ", ".join(repr(row.name) for row in rows)
                found[item].fail(f"the input {names} could not be fetched: {error.message}", side)
        except Exception as error:  # noqa: BLE001 - see there
            for item in job.items:
                found[item].fail_unexpectedly(error)

    async def _fetch_item(
        self, objects: Objects, rows: list[_Row], contract: _Contract, inputs: Inputs, share: Share
    ) -> None:
        sizes = {entry.name: entry.maximum_size for entry in contract.declared}
        began = time.perf_counter()
        try:
            for row in rows:
                inputs.values[row.name] = await self.fetcher.fetch(
                    objects,
                    row.name,
                    row.location or {},
                    most_bytes=sizes.get(row.name, 0),
                    share=share,
                )
            if problem := await _problem(inputs, contract):
                inputs.fail(problem, ErrorSide.CALLER)
        except (Postponed, FileNotFoundError):  # there is no room; or the engine is gone, and its files with it
            inputs.return_room(share.room)
            inputs.is_postponed = True
        except NotFetched as error:
            inputs.return_room(share.room)
            inputs.fail(error.message, ErrorSide.CALLER if error.is_callers else ErrorSide.PLATFORM)
        except Exception as error:  # noqa: BLE001 - see there
            inputs.return_room(share.room)
            inputs.fail_unexpectedly(error)
        inputs.fetch_ms = round((time.perf_counter() - began) * 1000)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


async def _problem(inputs: Inputs, contract: _Contract) -> str | None:
    """What is wrong with JSON inputs of an item that has just been fetched."""
    if contract.schema is None:
        return None
    by_name = {entry.name: entry for entry in contract.declared}
    values = []
    for name, data in inputs.values.items():
        if isinstance(data, Path):
            if not contract.schema.concerns(name, "", by_name[name]):
                continue
            if data.stat().st_size > LARGEST_CHECKED:
                return too_large_to_check(name)
            values.append(InputValue(name, "", await asyncio.to_thread(data.read_bytes)))
        else:
            values.append(InputValue(name, "", data))
    try:
        return await asyncio.to_thread(contract.schema.problem_of, values, contract.declared)
    except ItemsTooCostly as error:
        return error.message


async def find_inputs(session: AsyncSession, item_ids: Sequence[int]) -> InputPlaces:
    """Where the inputs of items are, as far as rows say it, with the rows' bytes."""
    stored: list[_Row] = []
    elsewhere: dict[int, list[_Row]] = defaultdict(list)
    for values in await (await session.connection()).execute(_INPUTS_OF, {"items": item_ids}):
        row = _Row(*values)
        if row.location is None:
            stored.append(row)
        else:
            elsewhere[row.item_id].append(row)
    jobs = await _jobs_of(session, elsewhere) if elsewhere else []
    contracts = {job.version_id: await _contract(session, job.version_id) for job in jobs}
    return InputPlaces(item_ids, stored, elsewhere, jobs, contracts)


_INPUTS_OF = select(
    *(ItemInput.item_id, ItemInput.name, ItemInput.size, ItemInput.data, ItemInput.storage_key, ItemInput.location)
).where(ItemInput.item_id.in_(bindparam("items", expanding=True)))


async def _jobs_of(session: AsyncSession, elsewhere: dict[int, list[_Row]]) -> list[_Fetched]:
    rows = await session.execute(
        select(JobItem.id, Job.id, Job.input_kind, Job.sealed_source, Job.version_id, Job.user_id)
        .join(Job, Job.id == JobItem.job_id)
        .where(JobItem.id.in_(elsewhere))
        .order_by(JobItem.id)
    )
    jobs: dict[str, _Fetched] = {}
    for item, job, kind, sealed, version, user in rows:
        jobs.setdefault(job, _Fetched(kind, sealed, version, user, {})).items[item] = elsewhere[item]
    return list(jobs.values())


async def _contract(session: AsyncSession, version_id: int) -> _Contract:
    version = await load_version(session, version_id)
    return _Contract(declared_inputs(version), schema_check(version))
