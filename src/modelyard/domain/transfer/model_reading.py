"""Reads an exported model that somebody sent, once and to its last byte; everything in it may be hostile.

Documents stay in memory, all else becomes files of our own naming: no name in the file ever becomes a path.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from modelyard.adapters.imaging.base import LARGEST_FILE
from modelyard.adapters.registries.tar_stream import Kind, Member, TarStream
from modelyard.core.errors import PlatformError
from modelyard.core.ids import new_uuid
from modelyard.domain.transfer.model_format import (
    CHECKSUMS,
    FORMAT,
    FORMAT_VERSION,
    LARGEST_DOCUMENTS,
    MANIFEST,
    MOST_MEMBERS,
    ExportRejected,
    ExportTooLarge,
    MemberKind,
    kind_of,
)

PART = ".part"
"""What files end with that live only as long as a file is being imported; archives of images end with `.tar`."""


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Bytes of the whole file, and of one test input."""

    whole: int
    test_input: int


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A member that was written to disk."""

    path: Path
    size: int


@dataclass(slots=True)
class ReceivedFile:
    """What an exported model holds, by the names of its members. Whoever has it removes what is left in the end."""

    documents: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, HeldFile] = field(default_factory=dict)

    def remove(self) -> None:
        """Removes the files that nobody has taken away."""
        for held in self.files.values():
            held.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Sum:
    size: int
    sha256: str


class _Checksums(msgspec.Struct):
    members: dict[str, dict[str, Any]]


class _Manifest(msgspec.Struct):
    format: str
    formatVersion: int  # noqa: N815 - as it is in the file


def read_model_export(read: Callable[[int], bytes], directory: Path, limits: ReadingLimits) -> ReceivedFile:
    """Reads, counts and compares everything with its checksums. Leaves nothing behind when it raises.

    Args:
        read: gives that many bytes, or fewer at the end only.
        directory: for images, test inputs and pictures.

    Raises ExportRejected, ExportTooLarge, OSError.
    """
    received = ReceivedFile()
    try:
        _read(_bounded(read, limits.whole), received, directory, limits)
    except BaseException:
        received.remove()
        raise
    return received


def _read(read: Callable[[int], bytes], received: ReceivedFile, directory: Path, limits: ReadingLimits) -> None:
    sums: dict[str, _Sum] = {}
    stream = TarStream(read, MOST_MEMBERS)
    try:
        for member in stream.members():
            _require_place(member, sums)
            sums[member.name] = _read_member(stream, member, received, directory, limits)
            if len(sums) == 1:
                _require_format(received.documents[MANIFEST])
    except (ExportRejected, ExportTooLarge):
        raise
    except PlatformError as error:  # of the tar itself
        raise ExportRejected(error.message[:1].lower() + error.message[1:].rstrip(".")) from None
    _compare(sums, received)


def _require_place(member: Member, before: dict[str, _Sum]) -> None:
    """Only files of known names, the manifest first, the checksums last, everything once."""
    if member.kind is not Kind.FILE:
        raise ExportRejected(f"{member.name[:100]!r} in it is a {member.kind}; it may hold files alone")
    if not before and member.name != MANIFEST:
        raise ExportRejected(f"it does not begin with {MANIFEST}; make it with `modelyard models export`")
    if member.name in before:
        raise ExportRejected(f"it has {member.name[:100]!r} twice")
    if CHECKSUMS in before:
        raise ExportRejected(f"it goes on behind {CHECKSUMS}")


def _read_member(
    stream: TarStream, member: Member, received: ReceivedFile, directory: Path, limits: ReadingLimits
) -> _Sum:
    kind = kind_of(member.name)
    if member.size > (most := _room(kind, received, limits)):
        raise ExportTooLarge(f"{member.name[:100]} in the exported model has {member.size} bytes; {most} are allowed.")
    digest = hashlib.sha256()
    if kind is MemberKind.DOCUMENT:
        content = b"".join(stream.content())
        digest.update(content)
        received.documents[member.name] = content
        return _Sum(member.size, digest.hexdigest())
    ending = ".tar" if kind is MemberKind.IMAGE else PART
    path = directory / f"{new_uuid()}{ending}"
    received.files[member.name] = HeldFile(path, member.size)
    with path.open("xb") as file:
        for chunk in stream.content():
            digest.update(chunk)
            file.write(chunk)
    return _Sum(member.size, digest.hexdigest())


def _room(kind: MemberKind, received: ReceivedFile, limits: ReadingLimits) -> int:
    match kind:
        case MemberKind.DOCUMENT:
            return LARGEST_DOCUMENTS - sum(map(len, received.documents.values()))
        case MemberKind.PICTURE:
            return LARGEST_FILE
        case MemberKind.TEST_INPUT:
            return limits.test_input
    return limits.whole


def _require_format(manifest: bytes) -> None:
    try:
        found = msgspec.json.decode(manifest, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ExportRejected(f"{MANIFEST} in it says nothing of its format") from None
    if found.format != FORMAT:
        raise ExportRejected(f"its format is {found.format[:40]!r} and not {FORMAT!r}")
    if found.formatVersion != FORMAT_VERSION:
        raise ExportRejected(
            f"it has version {found.formatVersion} of the format, and this server reads {FORMAT_VERSION}; "
            "export it anew with the modelyard of this server's version"
        )


def _compare(sums: dict[str, _Sum], received: ReceivedFile) -> None:
    if CHECKSUMS not in sums:
        raise ExportRejected(f"it ends without {CHECKSUMS}: it is not whole; export it again")
    del sums[CHECKSUMS]
    try:
        told = msgspec.json.decode(received.documents.pop(CHECKSUMS), type=_Checksums).members
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ExportRejected(f"{CHECKSUMS} in it cannot be read") from None
    if told.keys() != sums.keys():
        other = min(told.keys() ^ sums.keys())
        raise ExportRejected(f"{CHECKSUMS} and what is in the file differ, first in {other[:100]!r}")
    for name, found in sums.items():
        if told[name] != {"size": found.size, "sha256": found.sha256}:
            raise ExportRejected(f"{name!r} in it is not what was exported: it is damaged; copy it again")


def _bounded(read: Callable[[int], bytes], most: int) -> Callable[[int], bytes]:
    done = 0

    def bounded(count: int) -> bytes:
        nonlocal done
        data = read(count)
        done += len(data)
        if done > most:
            raise ExportTooLarge(f"The exported model is larger than {most} bytes.")
        return data

    return bounded
