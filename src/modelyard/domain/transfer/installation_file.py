"""The tar of an exported installation: written and read in one go, with a checksum of each member at its end."""

import hashlib
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, cast

from modelyard.adapters.registries.base import ArchiveTooLarge, BadArchive
from modelyard.adapters.registries.tar_stream import BLOCK, Kind, Member, TarStream
from modelyard.domain.transfer.installation_errors import FileDamaged
from modelyard.domain.transfer.installation_manifest import CHECKSUMS

MOST_MEMBERS = 100_000_000
_IN_MEMORY = 8 * 1024 * 1024
_CHUNK = 1024 * 1024
_LONGEST_LINE = 4096
_PRIVATE = 0o600


def scratch_file(directory: Path) -> IO[bytes]:
    """A file for what is too large for memory; it is gone when it is closed, however the process ends."""
    return cast(IO[bytes], tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(directory)))


class TarWriter:
    """Writes members one after the other.

    Args:
        scratch: a directory for what has to be kept until the end.
    """

    def __init__(self, target: IO[bytes], scratch: Path) -> None:
        self._target = target
        self._scratch = scratch
        self._sums = scratch_file(scratch)

    async def add_stream(self, name: str, size: int, chunks: AsyncIterator[bytes]) -> None:
        """Adds a member of exactly this size. Raises FileDamaged when there turns out to be more or less."""
        digest, left = hashlib.sha256(), size
        self._begin(name, size)
        async for chunk in chunks:
            digest.update(chunk)
            left -= len(chunk)
            if left < 0:
                break
            self._target.write(chunk)
        if left:
            raise FileDamaged(f"{name} changed while it was exported; is a server running on these files?")
        self._target.write(bytes(-size % BLOCK))
        self._sums.write(_line(digest.hexdigest(), name))

    async def add_rest(self, name: str, content: IO[bytes]) -> None:
        """Adds a member with all that was written to a scratch file."""
        size = content.tell()
        content.seek(0)
        await self.add_stream(name, size, _chunks_of(content))

    async def add(self, name: str, data: bytes) -> None:
        """Adds a small member."""
        await self.add_stream(name, len(data), _once(data))

    def finish(self) -> None:
        """Writes the checksums and the end."""
        size = self._sums.tell()
        self._sums.seek(0)
        self._begin(CHECKSUMS, size)
        while chunk := self._sums.read(_CHUNK):
            self._target.write(chunk)
        self._target.write(bytes(-size % BLOCK + 2 * BLOCK))
        self._target.flush()

    def close(self) -> None:
        """Drops what was kept until the end."""
        self._sums.close()

    def _begin(self, name: str, size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, _PRIVATE
        self._target.write(entry.tobuf(tarfile.PAX_FORMAT))


class TarReader:
    """Reads members one after the other, and compares the checksums at the end.

    `name` and `size` are those of the current member; the name is empty behind the last.
    """

    def __init__(self, source: IO[bytes], scratch: Path) -> None:
        self._tar = TarStream(source.read, MOST_MEMBERS)
        self._members = self._tar.members()
        self._sums = scratch_file(scratch)
        self._digest = hashlib.sha256()
        self.name = ""
        self.size = 0

    def advance(self) -> None:
        """Goes to the next member. Raises FileDamaged."""
        if self.name:
            for _ in self.content():
                pass
            self._sums.write(_line(self._digest.hexdigest(), self.name))
        member = self._read_header()
        if member is not None and (member.kind is not Kind.FILE or not _is_plain(member.name)):
            raise FileDamaged(f"The file has a member that no export has: {member.name[:200]!r}, a {member.kind}.")
        self.name, self.size = (member.name, member.size) if member else ("", 0)
        self._digest = hashlib.sha256()

    def content(self) -> Iterator[bytes]:
        """The rest of the current member. Raises FileDamaged."""
        try:
            for chunk in self._tar.content():
                self._digest.update(chunk)
                yield chunk
        except BadArchive as error:
            raise _damaged(error) from None

    def whole(self, most: int) -> bytes:
        """The current member, which is small. Raises FileDamaged."""
        if self.size > most:
            raise FileDamaged(f"{self.name} in the file is larger than it can be: {self.size} bytes.")
        return b"".join(self.content())

    def compare_checksums(self) -> None:
        """Compares with the checksums, which have to be the current and last member. Raises FileDamaged."""
        if self.name != CHECKSUMS:
            what = f"{self.name[:200]!r} is where it cannot be" if self.name else "its end is missing"
            raise FileDamaged(f"The file is not a whole export: {what}. Export the installation again.")
        self._sums.seek(0)
        for line in lines_of(self.content(), _LONGEST_LINE):
            _compare(self._sums.readline(), line)
        _compare(self._sums.readline(), b"")
        if self._read_header() is not None:
            raise FileDamaged("The file has members behind its checksums, where no export has any.")

    def close(self) -> None:
        """Drops what was kept until the end."""
        self._sums.close()

    def _read_header(self) -> Member | None:
        try:
            return next(self._members, None)
        except (BadArchive, ArchiveTooLarge) as error:
            raise _damaged(error) from None


def lines_of(chunks: Iterator[bytes], longest: int) -> Iterator[bytes]:
    """Lines with their ends. Raises FileDamaged for one that is too long, or has no end."""
    rest = b""
    pieces: list[bytes] = []
    size = 0
    for chunk in chunks:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            yield b"".join([*pieces, line, b"\n"])
            pieces, size = [], 0
        pieces.append(rest)
        size += len(rest)
        if size > longest:
            raise FileDamaged(f"The file has a line of more than {longest} bytes.")
    if size:
        raise FileDamaged("The file has a last line without an end.")


def _compare(read: bytes, written: bytes) -> None:
    if read == written:
        return
    (read_sum, _, read_name), (_, _, written_name) = (line.strip().partition(b"  ") for line in (read, written))
    if read_sum and read_name == written_name:
        raise FileDamaged(f"{read_name.decode()} in the file is damaged: its checksum differs. Copy the file again.")
    name = (written_name or read_name)[:200].decode(errors="replace")
    raise FileDamaged(f"The file is damaged: {name} is missing in it, or was not there when it was written.")


def _damaged(error: BadArchive | ArchiveTooLarge) -> FileDamaged:
    reason = error.message.removesuffix(" Upload it again.")
    return FileDamaged(f"The file is no whole export of an installation: {reason}")


def _is_plain(name: str) -> bool:
    """Whether a name stays below where it is unpacked."""
    return name.isprintable() and not {"", ".", ".."} & set(name.split("/"))


def _line(digest: str, name: str) -> bytes:
    return f"{digest}  {name}\n".encode()


async def _chunks_of(content: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := content.read(_CHUNK):
        yield chunk


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
