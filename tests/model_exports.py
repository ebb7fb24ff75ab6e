"""Takes exported models apart and makes others of them, also such as no server would make."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any


def members_of(data: bytes) -> dict[str, bytes]:
    """The members of a file, in their order, without the checksums."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {
            entry.name: _content(tar, entry) for entry in tar.getmembers() if entry.isfile() and entry.name != CHECKSUMS
        }


CHECKSUMS = "checksums.json"


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(entry)
    assert file is not None
    return file.read()


def packed(members: Mapping[str, bytes], *, more: Iterable[tuple[tarfile.TarInfo, bytes]] = ()) -> bytes:
    """A file with these members and the checksums that belong to them; `more` comes as it is, before these."""
    sums = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in members.items()
    }
    return tar_of([*named(members), *more, *named({CHECKSUMS: json.dumps({"members": sums}).encode()})])


def named(members: Mapping[str, bytes]) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Plain files."""
    return [(tarfile.TarInfo(name), content) for name, content in members.items()]


def tar_of(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A tar of these entries."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for entry, content in entries:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def changed(members: Mapping[str, bytes], name: str, **values: Any) -> dict[str, bytes]:
    """The members, with other values in one of the documents."""
    return {**members, name: json.dumps({**json.loads(members[name]), **values}).encode()}


def readdressed(members: Mapping[str, bytes], identifier: str) -> dict[str, bytes]:
    """The same model under another identifier, wherever it is named."""
    before = json.dumps(json.loads(members["model.json"])["identifier"]).encode()
    after = json.dumps(identifier).encode()
    return {
        name: content.replace(before, after) if name.endswith(".json") else content for name, content in members.items()
    }
