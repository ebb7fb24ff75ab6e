"""Exported models are written member by member, with checksums that reading finds again."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from modelyard.domain.transfer.model_format import FORMAT, FORMAT_VERSION
from modelyard.domain.transfer.model_reading import ReadingLimits, read_model_export
from modelyard.domain.transfer.model_writing import Member, MemberChanged, document, small, write_model_export

NOW = datetime(2026, 11, 25, tzinfo=UTC)


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _members(*members: Member | None) -> AsyncIterator[Member | None]:
    for member in members:
        yield member


async def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    image = "images/" + "0" * 64 + ".tar"
    members = _members(
        document("manifest.json", {"format": FORMAT, "formatVersion": FORMAT_VERSION, "name": "Ж"}),
        small("pictures/picture.jpg", b"x" * 512),
        None,
        None,
        Member(image, 700, _pieces(b"a" * 600, b"", b"b" * 100)),
        small("versions/1.0.0/test-inputs/1", b""),
    )
    data = b"".join([chunk async for chunk in write_model_export(members, NOW)])

    received = read_model_export(io.BytesIO(data).read, tmp_path, ReadingLimits(100_000, 100))

    assert len(data) % 512 == 0
    assert received.files[image].path.read_bytes() == b"a" * 600 + b"b" * 100
    assert received.files["versions/1.0.0/test-inputs/1"].size == 0
    assert "Ж".encode() in received.documents["manifest.json"]


@pytest.mark.parametrize("size", [699, 701])
async def test_what_has_another_size_ends_the_file(size: int) -> None:
    members = _members(Member("pictures/picture.jpg", size, _pieces(b"a" * 700)))
    with pytest.raises(MemberChanged):
        async for _ in write_model_export(members, NOW):
            pass
