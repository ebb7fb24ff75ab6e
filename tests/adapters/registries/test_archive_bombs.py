"""Archives that want our memory, disk or time."""

import gzip
import io
import resource
import tarfile
import time
from pathlib import Path

import pytest

from modelyard.adapters.registries.archive import TarArchiveReader
from modelyard.adapters.registries.base import ArchiveTooLarge, BadArchive
from tests.adapters.registries.archives import member, pack, saved


def _header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    return member(name, kind, size=size).tobuf(tarfile.GNU_FORMAT)


def _write_zeros(archive: Path, header: bytes, megabytes: int) -> Path:
    with gzip.open(archive, "wb", compresslevel=6) as packed:
        packed.write(header)
        for _ in range(megabytes):
            packed.write(bytes(1_000_000))
    return archive


async def test_gzip_bomb(tmp_path: Path) -> None:
    archive = _write_zeros(tmp_path / "a.tar.gz", _header("bomb", 10**15), 300)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ArchiveTooLarge, match="unpacks to more than 100000000"):
        await TarArchiveReader(100_000_000).describe(archive)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


async def test_zeros_behind_the_end_count_too(tmp_path: Path) -> None:
    archive = _write_zeros(tmp_path / "a.tar.gz", bytes(1024), 30)
    with pytest.raises(ArchiveTooLarge):
        await TarArchiveReader(20_000_000).describe(archive)


async def test_ratio(tmp_path: Path) -> None:
    archive = _write_zeros(tmp_path / "a.tar.gz", _header("bomb", 10**15), 30)
    with pytest.raises(ArchiveTooLarge):
        await TarArchiveReader(10**12, ratio_floor=1_000_000).describe(archive)


async def test_large_archive(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.tar", saved())
    with pytest.raises(ArchiveTooLarge, match="at most 1000"):
        await TarArchiveReader(1000).describe(archive)


async def test_a_million_members(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    with gzip.open(archive, "wb", compresslevel=1) as packed:
        packed.write(_header("x", 0) * 1_000_000)
    started = time.monotonic()
    with pytest.raises(BadArchive, match="twice"):
        await TarArchiveReader(10**10).describe(archive)
    with gzip.open(archive, "wb", compresslevel=1) as packed:
        packed.write(_header("x/", 0, tarfile.DIRTYPE) * 1_000_000)
    with pytest.raises(ArchiveTooLarge, match="more than 10000 members"):
        await TarArchiveReader(10**10, 10_000).describe(archive)
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE])
async def test_endless_extended_headers(tmp_path: Path, kind: bytes) -> None:
    archive = _write_zeros(tmp_path / "a.tar.gz", _header("x", 5_000_000_000, kind), 10)
    with pytest.raises(BadArchive, match="extended header of 5000000000 bytes"):
        await TarArchiveReader(10**11).describe(archive)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
async def test_nothing_but_extended_headers(tmp_path: Path, kind: bytes) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(_header("x", 0, kind) * 5000)
    with pytest.raises(ArchiveTooLarge, match="members"):
        await TarArchiveReader(10**9, 1000).describe(archive)


@pytest.mark.parametrize(
    "record",
    [
        b"9",
        b"0 a=b\n",
        b"99 path=x\n",
        b"-5 path=x\n",
        b"10 path=x",
        b"9 path=x\n",
        b"\xff path=x\n",
        b"6 abcd\n",
        b"10 path=\0\n",
        b"10 path=\xff\n",
        b"10 size=x\n",
        b"11 size=-1\n",
        b"23 GNU.sparse.major=1\n",
    ],
)
async def test_damaged_extended_headers(tmp_path: Path, record: bytes) -> None:
    archive = tmp_path / "a.tar"
    data = _header("x", len(record), tarfile.XHDTYPE) + record.ljust(512, b"\0") + _header("x", 0) + bytes(1024)
    archive.write_bytes(data)
    with pytest.raises(BadArchive):
        await TarArchiveReader(10**9).describe(archive)


async def test_many_small_records(tmp_path: Path) -> None:
    """Neither time nor memory goes into what nobody asked for."""
    archive = tmp_path / "a.tar.gz"
    records = b"".join(b"11 k%05x=\n" % number for number in range(90_000))
    with gzip.open(archive, "wb", compresslevel=1) as packed:
        for _ in range(3):
            packed.write(_header("x", len(records), tarfile.XHDTYPE) + records + bytes(-len(records) % 512))
        packed.write(bytes(1024))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(BadArchive, match="no image"):
        await TarArchiveReader(10**9).describe(archive)
    assert time.process_time() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


async def test_endless_names(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as packed:
        for number in range(10_000):
            packed.addfile(member(f"{number}" + "n" * 4000, tarfile.DIRTYPE))
    with pytest.raises(ArchiveTooLarge, match="names"):
        await TarArchiveReader(10**9).describe(archive)


async def test_negative_size(tmp_path: Path) -> None:
    header = bytearray(_header("x", 0))
    header[124:136] = b"\xff" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    archive = tmp_path / "a.tar"
    archive.write_bytes(bytes(header) + bytes(1024))
    with pytest.raises(BadArchive, match="wrong number"):
        await TarArchiveReader(10**9).describe(archive)


async def test_many_documents_are_not_kept(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    document = b"{" + b" " * 7_000_000
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        for number in range(20):
            packed.addfile(member(f"{number}.json", size=len(document)), io.BytesIO(document))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadArchive, match="no image"):
        await TarArchiveReader(10**9).describe(archive)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80_000
