"""Puts inputs together that came in chunks."""

from collections.abc import AsyncIterator

from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.tables import InputChunk

CHUNKS_AT_ONCE = 16
"""Rows that are read together; each has at most `LARGEST_IN_ROW` bytes of its own."""


async def stream_chunks(database: Database, blobs: BlobStore, item_id: int, name: str) -> AsyncIterator[bytes]:
    """The bytes of an input in their order, with flat memory and no session held. Raises StoredFileNotFound."""
    query = select(InputChunk).where(InputChunk.item_id == item_id, InputChunk.name == name)
    query = query.order_by(InputChunk.position).limit(CHUNKS_AT_ONCE)
    last = -1
    while True:
        async with database.read() as session:
            chunks = list(await session.scalars(query.where(InputChunk.position > last)))
        for chunk in chunks:
            async for piece in blobs.read_stream(chunk):
                yield piece
        if len(chunks) < CHUNKS_AT_ONCE:
            return
        last = chunks[-1].position


async def read_chunks(database: Database, blobs: BlobStore, item_id: int, name: str) -> bytes:
    """The same of a small input. Raises StoredFileNotFound."""
    return b"".join([piece async for piece in stream_chunks(database, blobs, item_id, name)])
