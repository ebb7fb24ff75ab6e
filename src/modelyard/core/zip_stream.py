"""Writes a zip archive of any size as a stream, with flat memory."""

import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

PIECE = 262_144
_SLICE = 65_536
"""What is compressed at once: nothing else happens meanwhile."""
_FASTEST = 1
_EARLIEST, _LATEST = 1980, 2107
"""Years that the format can say."""
_READABLE_BY_ALL = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One file of an archive. The size in bytes may be a guess where the content is not known yet."""

    name: str
    size: int
    changed_at: datetime
    content: AsyncIterator[bytes]
    is_compressed: bool = True


async def zip_stream(entries: AsyncIterator[ZipEntry]) -> AsyncIterator[bytes]:
    """The bytes of the archive; entries beyond 4 GiB, and more than 65,535 of them, make it Zip64."""
    sink = _Sink()
    archive = zipfile.ZipFile(sink, "w")  # type: ignore[call-overload]
    async for entry in entries:
        with archive.open(_head(entry), "w") as file:
            async for chunk in entry.content:
                for start in range(0, len(chunk), _SLICE):
                    file.write(chunk[start : start + _SLICE])
                    if sink.size >= PIECE:
                        yield sink.take()
    archive.close()
    yield sink.take()


def _head(entry: ZipEntry) -> zipfile.ZipInfo:
    at = entry.changed_at
    is_sayable = _EARLIEST <= at.year <= _LATEST
    head = zipfile.ZipInfo(entry.name, at.timetuple()[:6] if is_sayable else (_EARLIEST, 1, 1, 0, 0, 0))
    head.file_size = entry.size  # so that it knows whether the file needs Zip64
    head.compress_type = zipfile.ZIP_DEFLATED if entry.is_compressed else zipfile.ZIP_STORED
    head._compresslevel = _FASTEST  # type: ignore[attr-defined]  # that of the archive does not count
    head.external_attr = _READABLE_BY_ALL
    return head


class _Sink:
    """A file that cannot be read or sought: what is written waits to be taken."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits for anything but being taken."""

    def take(self) -> bytes:
        data = b"".join(self._written)
        self._written.clear()
        self.size = 0
        return data
