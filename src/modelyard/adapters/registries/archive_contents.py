"""Goes through an archive once and remembers what is in it: names, digests, links and short documents."""

import gzip
import hashlib
import posixpath
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from modelyard.adapters.registries.base import ArchiveTooLarge, BadArchive
from modelyard.adapters.registries.tar_stream import Kind, Member, TarStream

DOCUMENT_LIMIT = 8 * 1024 * 1024
DOCUMENTS_LIMIT = 32 * 1024 * 1024
NAMES_LIMIT = 32 * 1024 * 1024
"""Characters of all paths and link targets together."""
MAX_RATIO = 200
RATIO_FLOOR = 1024 * 1024 * 1024

_MAX_NAME = 4096
_MAX_DEPTH = 64
_MAX_HOPS = 8
_GZIP = b"\x1f\x8b"
_COMPRESSIONS = {_GZIP: "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip"}


class Stopped(Exception):
    """Nobody waits for the result any more."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file's size in bytes, the digest of its content, and whether that is compressed."""

    size: int
    digest: str
    is_compressed: bool


@dataclass(slots=True)
class Contents:
    """What an archive holds, by clean path."""

    files: dict[str, ArchivedFile] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    documents: dict[str, bytes] = field(default_factory=dict)
    document_bytes: int = 0
    name_characters: int = 0

    def resolve(self, name: str) -> str:
        """The path of the file that a path means, links followed. Raises BadArchive when there is none."""
        path = clean_path(name)
        for _ in range(_MAX_HOPS):
            if path in self.files:
                return path
            if path not in self.links:
                break
            path = self.links[path]
        raise BadArchive(f"The archive lacks {name[:200]!r}.")

    def document(self, name: str) -> bytes:
        """The bytes of a JSON document. Raises BadArchive when it is missing, too large or no JSON."""
        path = self.resolve(name)
        if path not in self.documents:
            raise BadArchive(f"{name[:200]!r} in the archive is not a JSON document, or larger than allowed.")
        return self.documents[path]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may want of us.

    Bytes of the archive and of what it unpacks to, number of members, and the bytes that a compressed archive may
    unpack to however small it is; beyond these it may unpack to MAX_RATIO times its size.
    """

    bytes: int
    members: int
    ratio_floor: int = RATIO_FLOOR


def scan(archive: Path, limits: Limits, stop: threading.Event) -> Contents:
    """Reads the archive to its last byte. Raises BadArchive, ArchiveTooLarge, Stopped, OSError."""
    contents = Contents()
    with _open(archive, limits, stop) as read:
        stream = TarStream(read, limits.members)
        for member in stream.members():
            _add(contents, member, stream)
    _require_nothing_below_files(contents)
    return contents


def clean_path(name: str) -> str:
    """The path without `.` and empty segments. Raises BadArchive when it is absolute, climbs or is endless."""
    segments = [segment for segment in name.split("/") if segment not in {"", "."}]
    if name.startswith("/") or ".." in segments or len(name) > _MAX_NAME or len(segments) > _MAX_DEPTH:
        raise BadArchive(f"The archive has a path that leads out of it or is too long: {name[:200]!r}.")
    return "/".join(segments)


def compression_of(head: bytes) -> str:
    """Name of the compression by its first bytes; empty when there is none that we know."""
    return next((name for magic, name in _COMPRESSIONS.items() if head.startswith(magic)), "")


def _add(contents: Contents, member: Member, stream: TarStream) -> None:
    path = clean_path(member.name)
    contents.name_characters += len(member.name) + len(member.target)
    if contents.name_characters > NAMES_LIMIT:
        raise ArchiveTooLarge(f"The names in the archive have more than {NAMES_LIMIT} characters together.")
    if member.kind is Kind.DIRECTORY:
        contents.directories.add(path)
        return
    if not path or path in contents.files or path in contents.links:
        raise BadArchive(f"The archive has {member.name[:200]!r} twice, or a file without a name.")
    if member.kind is Kind.FILE:
        contents.files[path] = _read_file(contents, path, member, stream)
    else:
        contents.links[path] = _clean_target(path, member)


def _read_file(contents: Contents, path: str, member: Member, stream: TarStream) -> ArchivedFile:
    digest = hashlib.sha256()
    head, kept = b"", bytearray()
    keep = member.size <= min(DOCUMENT_LIMIT, DOCUMENTS_LIMIT - contents.document_bytes)
    for chunk in stream.content():
        head = head or chunk[:8]
        digest.update(chunk)
        keep = keep and head.lstrip()[:1] in {b"{", b"["}
        if keep:
            kept += chunk
    if keep and kept:
        contents.documents[path] = bytes(kept)
        contents.document_bytes += len(kept)
    return ArchivedFile(member.size, f"sha256:{digest.hexdigest()}", bool(compression_of(head)))


def _clean_target(path: str, member: Member) -> str:
    """Where a link leads, from the archive's root."""
    if member.kind is Kind.HARDLINK:
        return clean_path(member.target)
    if member.target.startswith("/"):
        raise BadArchive(f"The archive has a link that leads out of it: {path[:200]!r}.")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), member.target))
    return clean_path(target)


def _require_nothing_below_files(contents: Contents) -> None:
    """A member below a link would be somewhere else for whoever unpacks the archive."""
    for path in (*contents.files, *contents.links, *contents.directories):
        parent = posixpath.dirname(path)
        while parent:
            if parent in contents.links or parent in contents.files:
                raise BadArchive(f"The archive has a member below a link or file: {path[:200]!r}.")
            parent = posixpath.dirname(parent)


@contextmanager
def _open(archive: Path, limits: Limits, stop: threading.Event) -> Iterator[Callable[[int], bytes]]:
    size = archive.stat().st_size
    if size > limits.bytes:
        raise ArchiveTooLarge(f"The archive has {size} bytes; at most {limits.bytes} are allowed.")
    with archive.open("rb") as file:
        compression = compression_of(file.read(8))
        file.seek(0)
        if compression not in {"", "gzip"}:
            raise BadArchive(f"The archive is compressed with {compression}. Use gzip, or do not compress it.")
        if not compression:
            yield _bounded(file, size, stop)
            return
        limit = min(limits.bytes, max(limits.ratio_floor, size * MAX_RATIO))
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield _bounded(unpacked, limit, stop)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise BadArchive("The archive's compression is damaged or truncated. Upload it again.") from error


def _bounded(source: BinaryIO | gzip.GzipFile, limit: int, stop: threading.Event) -> Callable[[int], bytes]:
    done = 0

    def read(count: int) -> bytes:
        nonlocal done
        if stop.is_set():
            raise Stopped
        data = bytearray()
        while len(data) < count and (chunk := source.read(count - len(data))):
            data += chunk
        done += len(data)
        if done > limit:
            raise ArchiveTooLarge(f"The archive unpacks to more than {limit} bytes, which is more than allowed.")
        return bytes(data)

    return read
