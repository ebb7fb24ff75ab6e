"""Writes an exported model as a stream: tar headers, contents as they come, checksums at the end; memory stays flat."""

import hashlib
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from modelyard.core.errors import UpstreamFailed
from modelyard.domain.transfer.model_format import CHECKSUMS

_BLOCK = 512
_END = bytes(2 * _BLOCK)
PULSE = tarfile.TarInfo.create_pax_global_header({"comment": "modelyard is reading a container image"})
"""A header that says nothing: sent while nothing else is there to send, so that no proxy ends the connection."""


class MemberChanged(UpstreamFailed):
    """What is being sent has another size than it was said to have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} changed while it was being read; export the model again.")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive, whose content may come from anywhere."""

    name: str
    size: int
    content: AsyncIterator[bytes]


def document(name: str, value: object) -> Member:
    """A member of JSON, as people can read it."""
    return small(name, msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")


def small(name: str, data: bytes) -> Member:
    """A member that is in memory already."""
    return Member(name, len(data), _once(data))


async def write_model_export(members: AsyncIterator[Member | None], now: datetime) -> AsyncIterator[bytes]:
    """The bytes of the file. None among the members asks for a pulse. Raises MemberChanged, and what contents raise."""
    sums: dict[str, dict[str, object]] = {}
    async for member in members:
        if member is None:
            yield PULSE
            continue
        digest, size = hashlib.sha256(), 0
        yield _header(member, now)
        async for chunk in member.content:
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        if size != member.size:
            raise MemberChanged(member.name)
        yield bytes(-size % _BLOCK)
        sums[member.name] = {"size": size, "sha256": digest.hexdigest()}
    last = document(CHECKSUMS, {"members": sums})
    yield _header(last, now)
    async for chunk in last.content:
        yield chunk
    yield bytes(-last.size % _BLOCK) + _END


def _header(member: Member, now: datetime) -> bytes:
    entry = tarfile.TarInfo(member.name)
    entry.size, entry.mtime = member.size, int(now.timestamp())
    return entry.tobuf(tarfile.GNU_FORMAT)  # whose numbers have no largest size


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
