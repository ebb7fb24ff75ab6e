"""Where the platform keeps bytes: the protocol and its values."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from modelyard.core.errors import NotFound, Unavailable


class StoredFileNotFound(NotFound):
    """There is no file under this key."""


class StorageUnavailable(Unavailable):
    """The store does not answer, or its disk is full."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What the store knows of a file."""

    key: str
    size: int


class Storage(Protocol):
    """Keeps files under keys such as `inputs/<job>/<item>/<name>`. A file appears whole or not at all."""

    async def put(self, key: str, data: bytes) -> None:
        """Writes a small file. Raises StorageUnavailable."""

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Writes a file of any size with flat memory and returns its size.

        When the iterator raises, nothing is left under the key and the exception goes on.
        """

    async def get(self, key: str) -> bytes:
        """Reads a small file. Raises StoredFileNotFound."""

    def get_stream(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Reads a file, or its bytes from start to before end, in chunks. Raises StoredFileNotFound."""

    async def head(self, key: str) -> StoredFile:
        """Looks at a file. Raises StoredFileNotFound."""

    async def delete(self, key: str) -> None:
        """Deletes a file; one that is gone already is no error."""

    async def delete_below(self, prefix: str) -> int:
        """Deletes everything whose key starts with `prefix/` and returns how many files."""

    def list_files(self) -> AsyncIterator[StoredFile]:
        """All files, in no order; those that come or go meanwhile may be among them, or not."""
