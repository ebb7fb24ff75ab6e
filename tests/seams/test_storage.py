"""What every storage promises, asked of memory, of a directory and of an S3 server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from modelyard.adapters.storage.base import Storage, StoredFile, StoredFileNotFound
from modelyard.adapters.storage.fake import memory_storage
from modelyard.adapters.storage.object_store import local_storage, storage_at
from tests.object_servers import ObjectServer, s3_environment, s3_server


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["memory", "directory"])
def empty_storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """For tests that list where nothing is: the S3 server of the tests answers that with an error of its own."""
    return memory_storage() if request.param == "memory" else local_storage(tmp_path / "files")


@pytest.fixture(params=["memory", "directory", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    if request.param == "memory":
        return memory_storage()
    if request.param == "directory":
        return local_storage(tmp_path / "files")
    server: ObjectServer = request.getfixturevalue("s3")
    for name, value in s3_environment(server).items():
        monkeypatch.setenv(name, value)
    bucket = tmp_path.name.lower().replace("_", "-")[:60]
    with urlopen(Request(f"{server.endpoint}/{bucket}", method="PUT")):
        return storage_at(f"s3://{bucket}")


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _read(storage: Storage, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in storage.get_stream(key, start=start, end=end)])


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 50_000], ids=["empty", "short", "large"])
async def test_put_and_get(storage: Storage, data: bytes) -> None:
    await storage.put("a/b.bin", data)
    assert await storage.get("a/b.bin") == data
    assert await _read(storage, "a/b.bin") == data
    assert await storage.head("a/b.bin") == StoredFile("a/b.bin", len(data))


@pytest.mark.parametrize("chunks", [(), (b"",), (b"one", b"", b"two"), (bytes(3_000_000),) * 5])
async def test_put_stream(storage: Storage, chunks: tuple[bytes, ...]) -> None:
    assert await storage.put_stream("a", _chunks(*chunks)) == sum(map(len, chunks))
    assert await storage.get("a") == b"".join(chunks)


async def test_put_replaces(storage: Storage) -> None:
    await storage.put("a", b"long before")
    await storage.put("a", b"after")
    assert await storage.get("a") == b"after"
    await storage.put_stream("a", _chunks(b"at last"))
    assert await storage.get("a") == b"at last"


@pytest.mark.parametrize("chunk_count", [0, 1, 12])
async def test_broken_stream_leaves_nothing(storage: Storage, chunk_count: int) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        for _ in range(chunk_count):
            yield bytes(1_000_000)
        raise KeyError("client went away")

    with pytest.raises(KeyError, match="client went away"):
        await storage.put_stream("a/b", breaks())
    with pytest.raises(StoredFileNotFound):
        await storage.get("a/b")


async def test_broken_stream_keeps_the_old_file(storage: Storage) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield bytes(6_000_000)
        raise KeyError("client went away")

    await storage.put("a", b"before")
    with pytest.raises(KeyError):
        await storage.put_stream("a", breaks())
    assert await storage.get("a") == b"before"


async def test_unfinished_stream_is_not_seen(storage: Storage) -> None:
    go_on = asyncio.Event()

    async def waits() -> AsyncIterator[bytes]:
        yield bytes(6_000_000)
        await go_on.wait()
        yield b"end"

    writing = asyncio.create_task(storage.put_stream("a", waits()))
    await asyncio.sleep(0.05)
    with pytest.raises(StoredFileNotFound):
        await storage.head("a")
    go_on.set()
    assert await writing == 6_000_003
    assert (await storage.head("a")).size == 6_000_003


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (3, 5, b"34"),
        (3, 99, b"3456789"),
        (0, 0, b""),
        (5, 5, b""),
        (5, 2, b""),
        (10, None, b""),
        (99, 100, b""),
    ],
)
async def test_ranges(storage: Storage, start: int, end: int | None, expected: bytes) -> None:
    await storage.put("a", b"0123456789")
    assert await _read(storage, "a", start, end) == expected


async def test_missing_files(storage: Storage) -> None:
    with pytest.raises(StoredFileNotFound):
        await storage.get("nope")
    with pytest.raises(StoredFileNotFound):
        await storage.head("nope")
    with pytest.raises(StoredFileNotFound):
        await _read(storage, "nope")
    await storage.delete("nope")
    assert await storage.delete_below("nope") == 0


async def test_a_folder_is_no_file(storage: Storage) -> None:
    await storage.put("a/b", b"x")
    with pytest.raises(StoredFileNotFound):
        await storage.get("a")


async def test_delete(storage: Storage) -> None:
    await storage.put("a/b", b"x")
    await storage.delete("a/b")
    await storage.delete("a/b")
    with pytest.raises(StoredFileNotFound):
        await storage.get("a/b")


async def test_delete_below(storage: Storage) -> None:
    for key in ("jobs/1/a", "jobs/1/b/c", "jobs/10/a", "jobs/1x", "other"):
        await storage.put(key, b"x")
    assert await storage.delete_below("jobs/1") == 2
    for kept in ("jobs/10/a", "jobs/1x", "other"):
        assert await storage.get(kept) == b"x"
    assert await storage.delete_below("jobs/1") == 0


@pytest.mark.parametrize("key", ["", "/a", "a/../b", "..", "a//b", "a/", "é"])
async def test_bad_keys(storage: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await storage.put(key, b"x")
    with pytest.raises(ValueError, match="not a key"):
        await storage.put_stream(key, _chunks(b"x"))
    with pytest.raises(ValueError, match="not a key"):
        await storage.get(key)
    with pytest.raises(ValueError, match="not a key"):
        await storage.delete_below(key)


async def test_many_writers_and_deleters(empty_storage: Storage) -> None:
    async def one(number: int) -> None:
        for _ in range(5):
            await empty_storage.put(f"shared/folder/{number}", b"x")
            assert await empty_storage.get(f"shared/folder/{number}") == b"x"
            await empty_storage.delete(f"shared/folder/{number}")

    await asyncio.gather(*(one(number) for number in range(40)))
    assert await empty_storage.delete_below("shared") == 0


async def test_all_files_are_listed(empty_storage: Storage) -> None:
    assert [found async for found in empty_storage.list_files()] == []
    for number in range(1100):
        await empty_storage.put(f"a/{number % 7}/{number}", b"x" * (number % 3))

    found = [file async for file in empty_storage.list_files()]

    assert sorted(found, key=lambda file: file.key) == sorted(
        (StoredFile(f"a/{number % 7}/{number}", number % 3) for number in range(1100)), key=lambda file: file.key
    )
