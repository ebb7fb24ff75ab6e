"""Bytes of items: small ones in the database row, large ones in the storage."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from modelyard.adapters.container_protocols.output_files import LargeOutput, OutputData
from modelyard.adapters.storage.base import Storage
from modelyard.core.ids import new_uuid
from modelyard.domain.inputs.items import InputValue

LARGEST_IN_ROW = 65_536
INPUTS, OUTPUTS = "inputs", "outputs"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where bytes went: in the row, or under a key of the storage."""

    size: int
    data: bytes | None
    storage_key: str | None


class KeptBytes(Protocol):
    """A row of an input, an output or a chunk."""

    @property
    def data(self) -> bytes | None:
        """The bytes, when they are in the row."""

    @property
    def storage_key(self) -> str | None:
        """Where they are in the storage otherwise."""


class BlobStore:
    """Decides where bytes go and brings them back."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    async def keep(self, kind: str, job_id: str, data: bytes) -> tuple[bytes | None, str | None]:
        """Row bytes and storage key, exactly one of them set. Large data is in the storage afterwards."""
        if len(data) <= LARGEST_IN_ROW:
            return data, None
        key = f"{kind}/{job_id}/{new_uuid()}"
        await self.storage.put(key, data)
        return None, key

    async def keep_output(self, job_id: str, data: OutputData) -> Kept:
        """The same for an output, which may be a file; that is not removed. Raises OutputChanged, OutputGone."""
        if isinstance(data, LargeOutput):
            return await self.keep_stream(OUTPUTS, job_id, data.pieces())
        row, key = await self.keep(OUTPUTS, job_id, data)
        return Kept(len(data), row, key)

    async def keep_stream(self, kind: str, job_id: str, pieces: AsyncIterator[bytes]) -> Kept:
        """The same for bytes that arrive in pieces; when these raise, nothing of it is left in the storage."""
        head = bytearray()
        async for piece in pieces:
            head += piece
            if len(head) > LARGEST_IN_ROW:
                key = f"{kind}/{job_id}/{new_uuid()}"
                return Kept(await self.storage.put_stream(key, _joined(bytes(head), pieces)), None, key)
        return Kept(len(head), bytes(head), None)

    async def read(self, row: KeptBytes) -> bytes:
        """The bytes of an input or output. Raises StoredFileNotFound."""
        if row.storage_key is not None:
            return await self.storage.get(row.storage_key)
        return row.data or b""

    async def read_stream(self, row: KeptBytes) -> AsyncIterator[bytes]:
        """The same in pieces. Raises StoredFileNotFound."""
        if row.storage_key is None:
            yield row.data or b""
            return
        async for piece in self.storage.get_stream(row.storage_key):
            yield piece

    async def forget(self, kind: str, job_id: str) -> None:
        """Deletes what a job has in the storage."""
        await self.storage.delete_below(f"{kind}/{job_id}")


def input_row(value: InputValue, data: bytes | None, key: str | None) -> dict[str, Any]:
    """The columns of an input whose bytes were kept, or of one that is to be fetched."""
    size = len(value.data)
    return {"name": value.name, "size": size, "data": data, "storage_key": key, "location": value.location}


async def _joined(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for piece in rest:
        yield piece
