"""Keeps files in an object store: a directory of this machine, or whatever else obstore reaches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from modelyard.adapters.storage.base import StorageUnavailable, StoredFile, StoredFileNotFound
from modelyard.adapters.storage.keys import require_key
from modelyard.core.errors import InvalidInput

WRITE_BUFFER = 5 * 1024 * 1024
"""Bytes; also the smallest part that S3 accepts."""
READ_CHUNK = 256 * 1024
PARTS_AT_ONCE = 4
_PRIVATE = 0o700
_AWAY = "The directory for files is away, or another is in its place. Bring it back; after a move, restart the server."


class ObjectStorage:
    """Storage over an obstore store. Bad keys raise ValueError (see `keys.py`)."""

    def __init__(self, store: ObjectStore, place: "_Place | None" = None) -> None:
        self._store = store
        self._place = place

    async def put(self, key: str, data: bytes) -> None:
        await self._require_place()
        async with self._translated(key):
            await obstore.put_async(self._store, require_key(key), data, use_multipart=False)

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        # A writer that is dropped before it is closed removes what it staged, so leaving by any exception is enough.
        size = 0
        await self._require_place()
        async with self._translated(key):
            writer = obstore.open_writer_async(
                self._store, require_key(key), buffer_size=WRITE_BUFFER, max_concurrency=PARTS_AT_ONCE
            )
        async for chunk in chunks:
            async with self._translated(key):
                size += await writer.write(chunk)
        async with self._translated(key):
            await writer.close()
        return size

    async def get(self, key: str) -> bytes:
        async with self._translated(key):
            found = await obstore.get_async(self._store, require_key(key))
            return bytes(await found.bytes_async())

    async def get_stream(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        size = (await self.head(key)).size
        end = size if end is None else min(end, size)
        if start >= end:
            return
        async with self._translated(key):
            found = await obstore.get_async(self._store, key, options={"range": (start, end)})
            stream = found.stream(min_chunk_size=READ_CHUNK)
        while True:
            async with self._translated(key):
                chunk = await anext(stream, None)
            if chunk is None:
                return
            yield bytes(chunk)

    async def head(self, key: str) -> StoredFile:
        async with self._translated(key):
            found = await obstore.head_async(self._store, require_key(key))
        return StoredFile(key, found["size"])

    async def delete(self, key: str) -> None:
        with suppress(StoredFileNotFound):
            async with self._translated(key):
                await obstore.delete_async(self._store, require_key(key))

    async def delete_below(self, prefix: str) -> int:
        require_key(prefix)
        count = 0
        await self._require_place()
        async with self._translated(prefix):
            # Listing first: deleting while a listing is open may make it skip files.
            found = [entry["path"] async for batch in obstore.list(self._store, prefix) for entry in batch]
        for key in found:
            await self.delete(key)
            count += 1
        return count

    async def list_files(self) -> AsyncIterator[StoredFile]:
        await self._require_place()
        async with self._translated(""):
            batches = obstore.list(self._store)
        while True:
            async with self._translated(""):
                batch = await anext(batches, None)
            if batch is None:
                return
            for entry in batch:
                yield StoredFile(entry["path"], entry["size"])

    @asynccontextmanager
    async def _translated(self, key: str) -> AsyncIterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            await self._require_place()
            raise StoredFileNotFound(f"There is no stored file {key}.") from error
        except (BaseError, OSError) as error:
            raise StorageUnavailable(_explain(str(error)), str(error)) from error

    async def _require_place(self) -> None:
        """Raises StorageUnavailable where the directory is away: its files are not gone, and new ones do not belong
        into what may be in its place.
        """
        if self._place and not await asyncio.to_thread(self._place.is_there):
            raise StorageUnavailable(_AWAY, str(self._place.directory))


@dataclass(frozen=True, slots=True)
class _Place:
    """A directory, and the number by which its file system knows it: of an empty mount point that is another."""

    directory: Path
    number: int

    def is_there(self) -> bool:
        try:
            return self.directory.stat().st_ino == self.number
        except OSError:
            return False


def local_storage(directory: Path) -> ObjectStorage:
    """Storage in a directory, made when missing and readable for its owner only.

    Raises StorageUnavailable.
    """
    try:
        directory.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        directory.chmod(_PRIVATE)
    except OSError as error:
        raise StorageUnavailable(f"The directory for files cannot be used: {error.strerror}.", str(error)) from error
    place = _Place(directory, directory.stat().st_ino)
    return ObjectStorage(LocalStore(directory, automatic_cleanup=True), place)


class BadStorageAddress(InvalidInput):
    """Files cannot be kept at such an address. It is not shown, as it may hold a key."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"MODELYARD_STORAGE_URL must be file:///directory or s3://bucket/path: {reason}")


def storage_at(address: str) -> ObjectStorage:
    """Storage at `file:///directory` or `s3://bucket/path`. Raises BadStorageAddress, StorageUnavailable."""
    parts = urlsplit(address)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return local_storage(Path(unquote(parts.path)))
    if parts.scheme != "s3" or not parts.hostname or parts.username or parts.query:
        raise BadStorageAddress("keys and endpoint come from the AWS_… variables.")
    try:
        return ObjectStorage(S3Store(parts.hostname, prefix=parts.path.strip("/") or None))
    except BaseError as error:
        raise BadStorageAddress(str(error)) from error


def _explain(reason: str) -> str:
    if "No space left" in reason or "quota exceeded" in reason.lower():
        return "The disk that keeps the files is full. Free some space, then try again."
    return "The store that keeps the files does not work at the moment. Try again later."
