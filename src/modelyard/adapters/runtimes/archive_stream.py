"""Send an image archive from disk, unpacked when it is compressed: podman takes no compressed docker archives."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"


class ArchiveStream:
    """Reads an archive in pieces, in a thread.

    `failure` says what was wrong with the file; the HTTP client hides what its source raised.
    """

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self.total_bytes = archive.stat().st_size
        self.done_bytes = 0
        """How far into the file the reading is."""
        self.failure: str | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the tar file."""
        raw = await asyncio.to_thread(self._archive.open, "rb")
        try:
            packed = await asyncio.to_thread(raw.read, len(_GZIP_MAGIC)) == _GZIP_MAGIC
            raw.seek(0)
            plain: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
            while chunk := await asyncio.to_thread(plain.read, _CHUNK):
                self.done_bytes = raw.tell()
                yield chunk
        except (OSError, EOFError, zlib.error) as error:
            self.failure = f"the file cannot be read to its end: {error}"
            raise
        finally:
            raw.close()
