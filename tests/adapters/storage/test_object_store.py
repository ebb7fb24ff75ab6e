"""What only a directory has: modes, leftovers, a full disk."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from modelyard.adapters.storage.base import StorageUnavailable
from modelyard.adapters.storage.object_store import BadStorageAddress, local_storage, storage_at

_MEGABYTE = 1_000_000


async def _megabytes(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(_MEGABYTE)
        await asyncio.sleep(0)


def _files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


def _peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file can grow beyond 64 KiB, which the kernel reports much like a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_directory_is_private(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "files"
    storage = local_storage(directory)
    await storage.put("a/b", b"x")
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "a" / "b").read_bytes() == b"x"


async def test_existing_directory_is_made_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    local_storage(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_file_in_place_of_directory(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(StorageUnavailable, match="cannot be used"):
        local_storage(tmp_path / "files")


async def test_file_in_place_of_folder(tmp_path: Path) -> None:
    storage = local_storage(tmp_path)
    await storage.put("a", b"x")
    with pytest.raises(StorageUnavailable):
        await storage.put("a/b", b"x")


async def test_large_stream_needs_little_memory(tmp_path: Path) -> None:
    storage = local_storage(tmp_path)
    before = _peak_kilobytes()
    assert await storage.put_stream("large", _megabytes(300)) == 300 * _MEGABYTE
    read = 0
    async for chunk in storage.get_stream("large"):
        read += len(chunk)
    assert read == 300 * _MEGABYTE
    assert _peak_kilobytes() - before < 100_000


async def test_cancelled_stream_leaves_nothing(tmp_path: Path) -> None:
    storage = local_storage(tmp_path)

    async def never_ends() -> AsyncIterator[bytes]:
        async for chunk in _megabytes(12):
            yield chunk
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(storage.put_stream("large", never_ends()), 0.5)
    await _until_empty(tmp_path)


async def test_full_disk(tmp_path: Path, full_disk: None) -> None:
    storage = local_storage(tmp_path)
    with pytest.raises(StorageUnavailable):
        await storage.put("small", bytes(_MEGABYTE))
    with pytest.raises(StorageUnavailable):
        await storage.put_stream("large", _megabytes(20))
    await _until_empty(tmp_path)


async def test_emptied_folders_go(tmp_path: Path) -> None:
    storage = local_storage(tmp_path)
    await storage.put("jobs/1/a/x", b"x")
    await storage.delete_below("jobs/1")
    assert list(tmp_path.iterdir()) == []


async def _until_empty(directory: Path) -> None:
    """Staged parts go in the background."""
    for _ in range(100):
        if not _files(directory):
            return
        await asyncio.sleep(0.02)
    assert _files(directory) == []


@pytest.mark.parametrize(
    "address", ["", "files", "file://host/files", "file:files", "s3:///path", "gs://bucket", "s3://key:secret@bucket"]
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(BadStorageAddress) as refused:
        storage_at(address)
    assert "secret@" not in refused.value.message


async def test_a_directory_by_its_address(tmp_path: Path) -> None:
    storage = storage_at(f"file://{tmp_path}/with%20space")
    await storage.put("a/b", b"c")

    assert (tmp_path / "with space" / "a" / "b").read_bytes() == b"c"


async def test_a_directory_that_is_away_has_lost_nothing(tmp_path: Path) -> None:
    directory = tmp_path / "files"
    storage = local_storage(directory)
    await storage.put("a/b", b"x")
    directory.rename(tmp_path / "away")
    for _ in range(2):
        for call in (storage.get("a/b"), storage.put("c", b"y"), storage.delete("a/b"), storage.delete_below("a")):
            with pytest.raises(StorageUnavailable, match="away"):
                await call
        with pytest.raises(StorageUnavailable, match="away"):
            await anext(storage.list_files())
        (tmp_path / "in-between").mkdir(exist_ok=True)  # so that it gets another number
        directory.mkdir(exist_ok=True)  # as where a file system is not mounted
    directory.rmdir()
    (tmp_path / "away").rename(directory)

    assert await storage.get("a/b") == b"x"
    await storage.delete("a/b")
    await storage.put("c", b"y")
    assert _files(directory) == ["c"]
