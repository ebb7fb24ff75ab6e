"""Files that nobody should import: each is refused by name, and nothing of it stays."""

import asyncio
import json
import shutil
import tarfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from modelyard.adapters.storage.base import StorageUnavailable
from modelyard.core.database import Database, sqlite_url
from modelyard.core.errors import PlatformError
from modelyard.domain.transfer import installation_file, installation_rows
from modelyard.domain.transfer.installation_errors import (
    DatabaseNotEmpty,
    FileDamaged,
    FileNotSupported,
    FilesNotEmpty,
    OtherSecretKey,
    RowRefused,
    SchemaDiffers,
)
from modelyard.domain.transfer.installation_import import UNFINISHED
from modelyard.domain.transfer.installation_rows import require_empty
from modelyard.migrations.upgrade import upgrade_database
from tests.domain.transfer.archives import Members, changed, file_of, members_of
from tests.domain.transfer.every_row import fill
from tests.domain.transfer.moving import Place

USERS, MODELS = "tables/users.jsonl", "tables/models.jsonl"
FILE = "files/pictures/a.png"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An export with rows in all tables and two files."""
    return asyncio.run(_export(tmp_path_factory.mktemp("origin")))


async def _export(directory: Path) -> bytes:
    place = Place(Database(sqlite_url(directory)), directory)
    await upgrade_database(place.database)
    await place.storage.put("pictures/a.png", b"picture")
    await place.storage.put("inputs/b", b"")
    async with place.database.write() as session:
        await fill(session)
    exported = await place.export()
    await place.database.close()
    return exported


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has no more than a schema."""
    return asyncio.run(_make_schema(tmp_path_factory.mktemp("schema")))


async def _make_schema(directory: Path) -> Path:
    database = Database(sqlite_url(directory))
    await upgrade_database(database)
    await database.close()
    return directory / "modelyard.db"


@pytest.fixture
async def place(schema: Path, tmp_path: Path) -> AsyncIterator[Place]:
    """An empty one."""
    shutil.copy(schema, tmp_path)
    made = Place(Database(sqlite_url(tmp_path)), tmp_path)
    yield made
    await made.database.close()


async def refuses(place: Place, data: bytes, error: type[PlatformError], words: str) -> None:
    """Fails unless the file is refused so, and nothing of it stays."""
    with pytest.raises(error, match=words):
        await place.take(data)
    async with place.database.read() as session:
        await require_empty(session)
    assert await place.keys() == []
    assert not (place.directory / UNFINISHED).exists()


def _manifest(**members: Any) -> Callable[[Members], None]:
    def change(all_members: Members) -> None:
        all_members["manifest.json"] = json.dumps(json.loads(all_members["manifest.json"]) | members).encode()

    return change


def _row(table: str, **values: Any) -> Callable[[Members], None]:
    """Gives the second row of a table other values."""

    def change(members: Members) -> None:
        lines = members[table].splitlines(keepends=True)
        lines[1] = json.dumps(json.loads(lines[1]) | values).encode() + b"\n"
        members[table] = b"".join(lines)

    return change


def _put(name: str, content: bytes) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members[name] = content

    return change


def _first(name: str, content: bytes) -> Callable[[Members], None]:
    """A member right behind the manifest."""

    def change(members: Members) -> None:
        before = dict(members)
        members.clear()
        members.update({"manifest.json": before.pop("manifest.json"), name: content, **before})

    return change


def _behind_files(name: str) -> Callable[[Members], None]:
    """A member between the files and what follows."""

    def change(members: Members) -> None:
        before = dict(members)
        members.clear()
        members.update({key: before.pop(key) for key in list(before) if key.startswith(("manifest", "files/"))})
        members.update({name: b"x", **before})

    return change


def _without(name: str) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        del members[name]

    return change


def _swapped(members: Members) -> None:
    users = members.pop(USERS)
    members[USERS] = users


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (_manifest(name="a cake"), FileDamaged, "no exported installation"),
        (_put("manifest.json", b"{"), FileDamaged, "no exported installation"),
        (_put("manifest.json", b"[" * 100_000), FileDamaged, "no exported installation"),
        (_manifest(format=2), FileNotSupported, "format 2"),
        (_manifest(schema="0001"), SchemaDiffers, "schema 0001.*modelyard migrate"),
        (_manifest(key_check="forged"), OtherSecretKey, "secret.key"),
        (_manifest(files=-1), FileDamaged, "manifest of the file is damaged"),
        (_manifest(files=10**30), FileDamaged, "manifest of the file is damaged"),
        (_manifest(files=3), FileDamaged, "stored files"),
        (_manifest(file_bytes=8), FileDamaged, "stored files"),
        (_manifest(tables={"passwords": 1}), FileDamaged, "no table 'passwords'"),
        (_manifest(tables={"sessions": 1}), FileDamaged, "no table 'sessions'"),
        (_manifest(tables={}), FileDamaged, "accounts.jsonl' is where it cannot be"),
        (_manifest(images=[{"image_id": "a", "reference": "r", "names": ["x y"]}]), FileDamaged, "names images"),
        (_manifest(images=[{"image_id": "a", "reference": "r", "names": []}]), FileDamaged, "does not have the image"),
        (_first("files/../../etc/passwd", b"x"), FileDamaged, "no export has"),
        (_first("/etc/passwd", b"x"), FileDamaged, "no export has"),
        (_first("files//x", b"x"), FileDamaged, "no export has"),
        (_first("files/a b", b"x"), FileDamaged, "under a name that none has"),
        (_first("files/.hidden", b"x"), FileDamaged, "under a name that none has"),
        (_first("files/" + "x" * 300, b"x"), FileDamaged, "under a name that none has"),
        (_first("program.py", b"x"), FileDamaged, "stored files"),
        (_behind_files("images/a.tar"), FileDamaged, "image that its manifest does not name"),
        (_behind_files("program.py"), FileDamaged, "table accounts where it has to be"),
        (_without(FILE), FileDamaged, "stored files"),
        (_without(USERS), FileDamaged, "table users where it has to be"),
        (_swapped, FileDamaged, "where it has to be"),
        (_put("tables/users.json", b""), FileDamaged, "where it cannot be"),
        (_put(USERS, b""), FileDamaged, "does not have 3 rows of the table users"),
        (_put(USERS, b"{}\n" * 10), RowRefused, "Row 1 of the table users.*missing"),
        (_put(USERS, b"[]\n" * 3), RowRefused, "no object"),
        (_put(USERS, b"{\n" * 3), RowRefused, "not JSON"),
        (_put(USERS, b"[" * 200_000 + b"\n"), RowRefused, "not JSON"),
        (_put(USERS, b'{"a":NaN}\n'), RowRefused, "not JSON"),
        (_put(USERS, b"\xff\n" * 3), RowRefused, "not JSON"),
        (_put(USERS, b"{}"), FileDamaged, "without an end"),
        (_row(USERS, is_god=True), RowRefused, "Row 2 of the table users.*no column 'is_god'"),
        (_row(USERS, email=None), RowRefused, "email is empty"),
        (_row(USERS, email=5), RowRefused, "email has a value"),
        (_row(USERS, email="a\0b"), RowRefused, "email has a value"),
        (_row(USERS, visited=1), RowRefused, "visited has a value"),
        (_row(USERS, created_at="2026-01-01T00:00:00"), RowRefused, "created_at has a value"),
        (_row(USERS, created_at="yesterday"), RowRefused, "created_at has a value"),
        (_row("tables/work.jsonl", id=2**70), RowRefused, "id has a value"),
        (_row("tables/work.jsonl", id=True), RowRefused, "id has a value"),
        (_row("tables/item_inputs.jsonl", data="%%%"), RowRefused, "data has a value"),
        (_row(MODELS, team_id="nobody's"), RowRefused, "refused by the database"),
    ],
)
async def test_changed_files_are_refused(
    file: bytes, place: Place, change: Callable[[Members], None], error: type[PlatformError], words: str
) -> None:
    await refuses(place, changed(file, change), error, words)


async def test_a_row_that_is_there_twice_is_refused(file: bytes, place: Place) -> None:
    def twice(members: Members) -> None:
        lines = members[USERS].splitlines(keepends=True)
        members[USERS] = lines[0] + lines[0] + lines[2]

    await refuses(place, changed(file, twice), RowRefused, "refused by the database")


async def test_a_file_that_is_there_twice_is_refused(file: bytes, place: Place) -> None:
    members = members_of(changed(file, _manifest(files=3, file_bytes=14)))
    manifest, rest = members.pop("manifest.json"), members

    await refuses(
        place, file_of({"manifest.json": manifest, FILE: b"picture"}, end=file_of(rest)), FileDamaged, "stored"
    )


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
async def test_members_that_are_no_files_are_refused(file: bytes, place: Place, kind: bytes) -> None:
    odd = tarfile.TarInfo("files/odd")
    odd.type, odd.linkname = kind, "/etc/passwd"
    manifest = {"manifest.json": members_of(file)["manifest.json"]}

    await refuses(place, file_of(manifest, odd), FileDamaged, "no export has|neither file")


@pytest.mark.parametrize("share", [0, 1, 511, 0.1, 0.5, 0.9, -1500, -1025])
async def test_truncated_files_are_refused(file: bytes, place: Place, share: float) -> None:
    end = int(len(file) * share) if 0 < share < 1 else int(share)

    await refuses(place, file[:end], FileDamaged, "no whole export|no exported installation")


async def test_a_flipped_bit_is_found_wherever_it_is(file: bytes, place: Place) -> None:
    """In content it is found by the checksum at the latest; flips in the padding between members harm nobody."""
    for name, content in members_of(file).items():
        if not content or name == "manifest.json":
            continue
        start = file.index(content)
        middle = start + len(content) // 2
        data = file[:middle] + bytes([file[middle] ^ 1]) + file[middle + 1 :]
        with pytest.raises((FileDamaged, RowRefused)):
            await place.take(data)
    await refuses(place, file.replace(b"picture\0", b"pictuse\0"), FileDamaged, "pictures/a.png.*checksum differs")


async def test_what_lies_behind_the_end_is_refused(file: bytes, place: Place) -> None:
    await refuses(place, file + b"x", FileDamaged, "no whole export")
    await refuses(place, changed(file, lambda members: members.update(more=b"x"), sums=False), FileDamaged, "behind")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (lambda lines: lines[:-1], "is missing in it"),
        (lambda lines: [*lines, b"0" * 64 + b"  more\n"], "more is missing"),
        (lambda _: [], "is missing in it"),
        (lambda lines: [lines[0].replace(b"  ", b" "), *lines[1:]], "is missing in it"),
    ],
)
async def test_checksums_have_to_be_those_of_the_members(
    file: bytes, place: Place, lines: Callable[[list[bytes]], list[bytes]], words: str
) -> None:
    def change(members: Members) -> None:
        members["checksums"] = b"".join(lines(members["checksums"].splitlines(keepends=True)))

    await refuses(place, changed(file, change, sums=False), FileDamaged, words)


async def test_a_line_that_is_too_long_is_refused(file: bytes, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation_rows, "LONGEST_LINE", 2_000_000)
    await refuses(place, changed(file, _put(USERS, b"x" * 5_000_000)), FileDamaged, "a line of more than 2000000 bytes")


async def test_too_many_members_are_refused(file: bytes, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation_file, "MOST_MEMBERS", 10)
    await refuses(place, file, FileDamaged, "more than 10 members")


async def test_a_store_that_fails_leaves_nothing(file: bytes, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    put = place.storage.put_stream

    async def fail(key: str, chunks: Any) -> int:
        if key.startswith("pictures"):
            raise StorageUnavailable("The disk that keeps the files is full.")
        return await put(key, chunks)

    monkeypatch.setattr(place.storage, "put_stream", fail)
    await refuses(place, file, StorageUnavailable, "full")


async def test_only_an_empty_place_takes_it(file: bytes, place: Place) -> None:
    await place.storage.put("mine", b"mine")
    with pytest.raises(FilesNotEmpty, match="mine"):
        await place.take(file)
    assert await place.keys() == ["mine"]

    async with place.database.write() as session:
        await fill(session)
    with pytest.raises(DatabaseNotEmpty, match="table accounts"):
        await place.take(file)


async def test_another_secret_key_is_told_before_anything_is_read(file: bytes, place: Place) -> None:
    place.secret = "another secret"
    await refuses(place, file, OtherSecretKey, "MODELYARD_SECRET_KEY")


async def test_after_an_import_that_was_killed_the_next_one_starts_over(file: bytes, place: Place) -> None:
    await place.storage.put("pictures/half", b"left by the one that was killed")
    (place.directory / UNFINISHED).touch()

    await place.take(file)

    assert await place.keys() == ["inputs/b", "pictures/a.png"]
    assert await place.storage.get("pictures/a.png") == b"picture"
    assert not (place.directory / UNFINISHED).exists()
