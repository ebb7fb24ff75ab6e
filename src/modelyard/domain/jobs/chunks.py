"""Takes inputs in chunks: bytes are kept first, then one short transaction makes them count."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs.blobs import INPUTS, BlobStore, Kept
from modelyard.domain.jobs.item_names import key_of_name
from modelyard.domain.jobs.open_jobs import (
    ChunkBeingReceived,
    InputPlace,
    InputTooLarge,
    OffsetWrong,
    TooManyChunks,
    TooManyItems,
    check_item_name,
    find_declared,
    find_job_to_fill,
    lock_job,
    require_open,
    require_short_names,
)
from modelyard.domain.jobs.queries import JobWithUser, find_job
from modelyard.domain.jobs.status import ItemState
from modelyard.domain.jobs.tables import InputChunk, ItemInput, Job, JobItem
from modelyard.domain.models.contract import DeclaredInput, declared_inputs
from modelyard.domain.models.tables import Version

MOST_CHUNKS = 100_000
"""Of one input."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of an input, as it arrives.

    Args:
        pieces: its bytes.
        media_type: asked when they have arrived.
        offset: the bytes of the input that the sender knows to be there; None when it does not say.
    """

    pieces: AsyncIterator[bytes]
    media_type: Callable[[], str]
    offset: int | None = None


class ChunkIntake:
    """Appends chunks to the inputs of open jobs, in the order in which they arrive."""

    def __init__(self, database: Database, clock: Clock, blobs: BlobStore, *, most_items: int) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._most_items = most_items
        self._arriving: set[InputPlace] = set()

    async def append(self, actor: Actor, place: InputPlace, chunk: Chunk) -> JobWithUser:
        """Appends a chunk, unless its offset says that it is there already; returns the job.

        Raises JobNotFound, JobNotOpen, ItemNameRejected, InputNotDeclared, InputTooLarge, TooManyItems, NamesTooLong,
        TooManyChunks, OffsetWrong, ChunkBeingReceived, and whatever the pieces raise: then nothing of it is left.
        """
        check_item_name(place.item)
        with self._alone(place):
            declared, size = await self._look(actor, place)
            if chunk.offset is not None and chunk.offset > size:
                raise OffsetWrong(size)
            if chunk.offset is not None and chunk.offset < size:
                return await self._skip(actor, place, chunk, chunk.offset, size)
            bounded = _at_most(chunk.pieces, declared.maximum_size - size, declared)
            kept = await self._blobs.keep_stream(INPUTS, place.job_id, bounded)
            try:
                async with self._database.write(beside_others=True, is_brief=True) as session:
                    return await self._count(session, actor, place, size, kept, chunk.media_type())
            except BaseException:
                if not await self._counts(place, kept):  # cancelled during the commit, one does not know
                    await self._forget(kept)
                raise

    async def read_size(self, session: AsyncSession, actor: Actor, place: InputPlace) -> int:
        """How many bytes of an input are there. Raises JobNotFound, ItemNameRejected, InputNotDeclared."""
        check_item_name(place.item)
        job = (await find_job(session, actor, place.job_id)).job
        find_declared(declared_inputs(await _contract(session, job)), place.input)
        return (await _extent(session, place)).size or 0

    @contextmanager
    def _alone(self, place: InputPlace) -> Iterator[None]:
        if place in self._arriving:
            raise ChunkBeingReceived
        self._arriving.add(place)
        try:
            yield
        finally:
            self._arriving.discard(place)

    async def _look(self, actor: Actor, place: InputPlace) -> tuple[DeclaredInput, int]:
        """What the input may be and has so far, before a byte of the chunk is read."""
        async with self._database.read(is_brief=True) as session:
            job = (await find_job_to_fill(session, actor, place.job_id)).job
            require_open(job)
            declared = find_declared(declared_inputs(await _contract(session, job)), place.input)
            return declared, (await _extent(session, place)).size or 0

    async def _skip(self, actor: Actor, place: InputPlace, chunk: Chunk, offset: int, size: int) -> JobWithUser:
        """Reads a chunk that was sent once more. Raises OffsetWrong when it is not all there."""
        async for piece in chunk.pieces:
            offset += len(piece)
        if offset > size:
            raise OffsetWrong(size)
        async with self._database.read(is_brief=True) as session:
            return await find_job_to_fill(session, actor, place.job_id)

    async def _count(
        self, session: AsyncSession, actor: Actor, place: InputPlace, before: int, kept: Kept, media_type: str
    ) -> JobWithUser:
        await lock_job(session, place.job_id)
        found = await find_job_to_fill(session, actor, place.job_id)
        require_open(found.job)
        there = await _extent(session, place)
        if (there.size or 0) != before:  # another server took one meanwhile
            raise ChunkBeingReceived
        item_id = there.item_id or await self._add_item(session, found.job, place.item)
        connection = await session.connection()
        one = {"item": item_id, "input": place.input, "more": kept.size}
        if there.size is None:
            session.add(ItemInput(item_id=item_id, name=place.input, size=kept.size))
        else:
            await connection.execute(_GROW_INPUT, one)
        if kept.size:
            _add_chunk(session, item_id, place.input, there.chunks, kept, media_type)
        await connection.execute(_GROW_ITEM, one)
        found.job.input_bytes += kept.size
        found.job.updated_at = self._clock.now()
        return found

    async def _add_item(self, session: AsyncSession, job: Job, name: str) -> int:
        if job.total >= self._most_items:
            raise TooManyItems(self._most_items)
        await require_short_names(session, job)
        item = JobItem(
            job_id=job.id,
            version_id=job.version_id,
            position=job.total,
            name=name,
            state=ItemState.HELD,
            attempts=0,
            size=0,
            queued_at=self._clock.now(),
        )
        session.add(item)
        job.total += 1
        await session.flush()
        return item.id

    async def _counts(self, place: InputPlace, kept: Kept) -> bool:
        item = select(JobItem.id).where(*_is_called(place.job_id, place.item)).scalar_subquery()
        chunk = (InputChunk.item_id == item, InputChunk.name == place.input)
        async with self._database.read() as session:
            query = select(InputChunk.position).where(*chunk, InputChunk.storage_key == kept.storage_key)
            return await session.scalar(query) is not None

    async def _forget(self, kept: Kept) -> None:
        if kept.storage_key is not None:
            await self._blobs.storage.delete(kept.storage_key)


async def _at_most(pieces: AsyncIterator[bytes], left: int, declared: DeclaredInput) -> AsyncIterator[bytes]:
    async for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise InputTooLarge(declared)
        yield piece


def _is_called(job_id: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return JobItem.job_id == job_id, JobItem.name_key == key_of_name(name)


@dataclass(frozen=True, slots=True)
class _Extent:
    """What there is of an input: its item, its bytes, the chunks that they came in."""

    item_id: int | None = None
    size: int | None = None
    chunks: int = 0


async def _extent(session: AsyncSession, place: InputPlace) -> _Extent:
    known = {"job": place.job_id, "key": key_of_name(place.item), "input": place.input}
    row = (await (await session.connection()).execute(_EXTENT, known)).one_or_none()
    return _Extent(*row) if row else _Extent()


# Made once: an upload has many chunks, and to put a statement together takes longer than to execute it.
_LAST_CHUNK = (
    select(func.max(InputChunk.position))
    .where(InputChunk.item_id == JobItem.id, InputChunk.name == bindparam("input"))
    .scalar_subquery()
)
_EXTENT = (
    select(JobItem.id, ItemInput.size, func.coalesce(_LAST_CHUNK + 1, 0))
    .join(ItemInput, and_(ItemInput.item_id == JobItem.id, ItemInput.name == bindparam("input")), isouter=True)
    .where(JobItem.job_id == bindparam("job"), JobItem.name_key == bindparam("key"))
)
_GROW_INPUT = (
    update(ItemInput)
    .where(ItemInput.item_id == bindparam("item"), ItemInput.name == bindparam("input"))
    .values(size=ItemInput.size + bindparam("more"))
)
_GROW_ITEM = update(JobItem).where(JobItem.id == bindparam("item")).values(size=JobItem.size + bindparam("more"))


async def _contract(session: AsyncSession, job: Job) -> Version:
    """The version of a job, with its inputs only."""
    query = select(Version).where(Version.id == job.version_id).options(load_only(Version.inputs, raiseload=True))
    return (await session.scalars(query)).one()


def _add_chunk(session: AsyncSession, item_id: int, name: str, position: int, kept: Kept, media_type: str) -> None:
    if position >= MOST_CHUNKS:
        raise TooManyChunks(MOST_CHUNKS)
    session.add(
        InputChunk(
            item_id=item_id,
            name=name,
            position=position,
            media_type=media_type[:255],
            size=kept.size,
            data=kept.data,
            storage_key=kept.storage_key,
        )
    )
