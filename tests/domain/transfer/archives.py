"""Takes an exported file apart and puts it together again, as somebody would who means no good."""

import hashlib
import io
import tarfile
from collections.abc import Callable

Members = dict[str, bytes]


def members_of(data: bytes) -> Members:
    """All members, in their order."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def file_of(members: Members, *odd: tarfile.TarInfo, end: bytes | None = None) -> bytes:
    """A file with these members, then some that hold nothing, and then what another file has."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for entry in odd:
            tar.addfile(entry)
        length = tar.offset
    return buffer.getvalue() if end is None else buffer.getvalue()[:length] + end


def changed(data: bytes, change: Callable[[Members], None], *, sums: bool = True) -> bytes:
    """The file after a change, with checksums that are right unless they are to stay."""
    members = members_of(data)
    change(members)
    if sums:
        lines = [
            f"{hashlib.sha256(each).hexdigest()}  {name}\n" for name, each in members.items() if name != "checksums"
        ]
        members.pop("checksums", None)
        members["checksums"] = "".join(lines).encode()
    return file_of(members)
