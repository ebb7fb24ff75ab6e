"""Archives written as a stream can be read by anybody."""

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from modelyard.core.zip_stream import ZipEntry, zip_stream


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _written(*entries: ZipEntry) -> zipfile.ZipFile:
    async def one_by_one() -> AsyncIterator[ZipEntry]:
        for entry in entries:
            yield entry

    return zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in zip_stream(one_by_one())])))


async def test_an_empty_archive() -> None:
    assert (await _written()).namelist() == []


async def test_files_of_all_kinds() -> None:
    at = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
    archive = await _written(
        ZipEntry("a/b.txt", 300_000, at, _chunks(b"a" * 200_000, b"", b"b" * 100_000)),
        ZipEntry("ü.png", 3, datetime(1970, 1, 1, tzinfo=UTC), _chunks(b"PNG"), is_compressed=False),
        ZipEntry("empty", 0, at, _chunks()),
    )

    assert archive.testzip() is None
    assert archive.read("a/b.txt") == b"a" * 200_000 + b"b" * 100_000
    assert (archive.read("ü.png"), archive.read("empty")) == (b"PNG", b"")
    assert archive.getinfo("a/b.txt").date_time == (2026, 1, 2, 3, 4, 6)
    assert archive.getinfo("a/b.txt").compress_size < 2_000
    assert archive.getinfo("ü.png").compress_type == zipfile.ZIP_STORED


async def test_a_file_that_may_be_large_is_zip64() -> None:
    (info,) = (await _written(ZipEntry("a", 2**33, datetime.now(UTC), _chunks(b"small all the same")))).infolist()
    assert info.extract_version == zipfile.ZIP64_VERSION
