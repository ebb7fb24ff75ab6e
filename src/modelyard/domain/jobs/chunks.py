"""Takes inputs in chunks: bytes are kept first, then one short transaction makes them count."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.engines.rows import load_version
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
)
from modelyard.domain.jobs.queries import JobWithUser, find_job
from modelyard.domain.jobs.status import ItemState
from modelyard.domain.jobs.tables import InputChunk, ItemInput, Job, JobItem
from modelyard.domain.models.contract import DeclaredInput, declared_inputs

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

        Raises JobNotFound, JobNotOpen, ItemNameRejected, InputNotDeclared, InputTooLarge, TooManyItems, TooManyChunks,
        OffsetWrong, ChunkBeingReceived, and whatever the pieces raise: then nothing of the chunk is left.
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
                async with self._database.write(beside_others=True) as session:
                    return await self._count(session, actor, place, size, kept, chunk.media_type())
            except BaseException:
                if not await self._counts(place, kept):  # cancelled during the commit, one does not know
                    await self._forget(kept)
                raise

    async def read_size(self, session: AsyncSession, actor: Actor, place: InputPlace) -> int:
        """How many bytes of an input are there. Raises JobNotFound, ItemNameRejected, InputNotDeclared."""
        check_item_name(place.item)
        job = (await find_job(session, actor, place.job_id)).job
        find_declared(declared_inputs(await load_version(session, job.version_id)), place.input)
        return await _size_so_far(session, place) or 0

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
        async with self._database.read() as session:
            job = (await find_job_to_fill(session, actor, place.job_id)).job
            require_open(job)
            declared = find_declared(declared_inputs(await load_version(session, job.version_id)), place.input)
            return declared, await _size_so_far(session, place) or 0

    async def _skip(self, actor: Actor, place: InputPlace, chunk: Chunk, offset: int, size: int) -> JobWithUser:
        """Reads a chunk that was sent once more. Raises OffsetWrong when it is not all there."""
        async for piece in chunk.pieces:
            offset += len(piece)
        if offset > size:
            raise OffsetWrong(size)
        async with self._database.read() as session:
            return await find_job_to_fill(session, actor, place.job_id)

    async def _count(
        self, session: AsyncSession, actor: Actor, place: InputPlace, before: int, kept: Kept, media_type: str
    ) -> JobWithUser:
        await lock_job(session, place.job_id)
        found = await find_job_to_fill(session, actor, place.job_id)
        require_open(found.job)
        item_id = await self._item(session, found.job, place.item)
        size = await session.scalar(_size_of(item_id, place.input))
        if (size or 0) != before:  # another server took one meanwhile
            raise ChunkBeingReceived
        if size is None:
            session.add(ItemInput(item_id=item_id, name=place.input, size=kept.size))
        else:
            one = (ItemInput.item_id == item_id, ItemInput.name == place.input)
            await session.execute(update(ItemInput).where(*one).values(size=ItemInput.size + kept.size))
        if kept.size:
            await _add_chunk(session, item_id, place.input, kept, media_type)
        await session.execute(update(JobItem).where(JobItem.id == item_id).values(size=JobItem.size + kept.size))
        found.job.input_bytes += kept.size
        found.job.updated_at = self._clock.now()
        return found

    async def _item(self, session: AsyncSession, job: Job, name: str) -> int:
        item_id = await session.scalar(select(JobItem.id).where(*_is_called(job.id, name)))
        if item_id is not None:
            return item_id
        if job.total >= self._most_items:
            raise TooManyItems(self._most_items)
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


def _size_of(item_id: int, name: str) -> "Select[int]":
    return select(ItemInput.size).where(ItemInput.item_id == item_id, ItemInput.name == name)


async def _size_so_far(session: AsyncSession, place: InputPlace) -> int | None:
    item_id = await session.scalar(select(JobItem.id).where(*_is_called(place.job_id, place.item)))
    return None if item_id is None else await session.scalar(_size_of(item_id, place.input))


async def _add_chunk(session: AsyncSession, item_id: int, name: str, kept: Kept, media_type: str) -> None:
    one = (InputChunk.item_id == item_id, InputChunk.name == name)
    last = await session.scalar(select(func.max(InputChunk.position)).where(*one))
    position = 0 if last is None else last + 1
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
