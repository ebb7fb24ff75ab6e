"""What tests of uploads do again and again: open a job, append chunks to its inputs, close it."""

from collections.abc import AsyncIterator

from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.chunks import Chunk, ChunkIntake
from modelyard.domain.jobs.closing import JobCloser
from modelyard.domain.jobs.open_jobs import InputPlace
from modelyard.domain.jobs.queries import JobWithUser
from modelyard.domain.jobs.submit import UPLOADED, Submission
from modelyard.domain.jobs.tables import InputChunk
from modelyard.domain.models.uses import ModelUses
from tests.cast import CAST
from tests.domain.jobs.steps import submitter
from tests.manual_clock import ManualClock


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    """Bytes as they arrive."""
    for piece in pieces:
        yield piece


class Uploader:
    """Somebody who uploads inputs."""

    def __init__(
        self, database: Database, clock: ManualClock, blobs: BlobStore, actor: Actor, *, most_items: int = 100
    ) -> None:
        self.database = database
        self.blobs = blobs
        self._clock = clock
        self._actor = actor
        self._intake = ChunkIntake(database, clock, blobs, most_items=most_items)
        self._closer = JobCloser(database, clock, blobs, ModelUses(database, clock))

    async def open(self, model_id: str, *, timeout_ms: int = 0) -> str:
        """A new open job."""
        wanted = Submission(model_id, "0.1.0", UPLOADED, timeout_ms=timeout_ms)
        return (await submitter(self.database, self._clock).open(self._actor, wanted)).job.id

    async def append(
        self,
        job_id: str,
        *pieces: bytes,
        item: str = "item",
        name: str = "input.txt",
        offset: int | None = None,
        media_type: str = "application/octet-stream",
        actor: Actor | None = None,
    ) -> JobWithUser:
        """One chunk, in these pieces."""
        return await self.append_stream(job_id, in_pieces(*pieces), item, name, offset, media_type, actor)

    async def append_stream(
        self,
        job_id: str,
        pieces: AsyncIterator[bytes],
        item: str = "item",
        name: str = "input.txt",
        offset: int | None = None,
        media_type: str = "application/octet-stream",
        actor: Actor | None = None,
    ) -> JobWithUser:
        """One chunk, as it comes."""
        chunk = Chunk(pieces, lambda: media_type, offset)
        return await self._intake.append(actor or self._actor, InputPlace(job_id, item, name), chunk)

    async def size(self, job_id: str, *, item: str = "item", name: str = "input.txt") -> int:
        """What is there of an input."""
        async with self.database.read() as session:
            return await self._intake.read_size(session, self._actor, InputPlace(job_id, item, name))

    async def close(self, job_id: str, *, actor: Actor = CAST.alice) -> JobWithUser:
        """Closes the job."""
        return await self._closer.close(actor, job_id)

    async def chunks(self) -> list[InputChunk]:
        """All chunks of all inputs."""
        async with self.database.read() as session:
            order = (InputChunk.item_id, InputChunk.name, InputChunk.position)
            return list(await session.scalars(select(InputChunk).order_by(*order)))
