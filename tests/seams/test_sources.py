"""Sources: the fake and the real servers give the same, and fail with the same names."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.adapters.sources.base import (
    AzureAccess,
    ContainerMissing,
    CredentialsWrong,
    DatabaseAccess,
    DatabaseKind,
    FoundObject,
    ObjectAccess,
    ObjectMissing,
    ObjectTooLarge,
    QueryFailed,
    Row,
    S3Access,
    SourceNotReachable,
    Sources,
)
from modelyard.adapters.sources.everywhere import RealSources
from modelyard.adapters.sources.fake import FakeSources
from modelyard.adapters.sources.sqlite_rows import FileNotOffered
from modelyard.core.destination_rules import parse_rules
from modelyard.core.destinations import DestinationForbidden, Destinations
from tests.mariadb_server import DATABASE, PASSWORD, USER, MariaDb, mariadb_server
from tests.object_servers import AZURE_ACCOUNT, AZURE_KEY, BUCKET, S3_KEY, azure_server, s3_server
from tests.postgres_cluster import running_cluster
from tests.servers import free_port

OBJECTS = {"in/a.txt": b"first", "in/sub/b ü😀.txt": b"second", "inside": b"x", "big": b"0123456789" * 300_000}


@pytest.fixture
async def reachable(tmp_path: Path) -> AsyncIterator[RealSources]:
    """Reaches servers on loopback."""
    sources = RealSources(Destinations(allowed=parse_rules(["loopback"])), tmp_path)
    yield sources
    await sources.close()


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Access]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        server.put(OBJECTS)
        yield S3Access(S3_KEY, S3_KEY, "us-east-1", server.endpoint)


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureAccess]:
    with azure_server(tmp_path_factory.mktemp("azure")) as server:
        server.put(OBJECTS)
        yield AzureAccess(AZURE_ACCOUNT, AZURE_KEY, server.endpoint)


@pytest.fixture(params=["fake", "s3", "azure"])
def shelf(request: pytest.FixtureRequest, reachable: RealSources) -> tuple[Sources, ObjectAccess]:
    """An object store, and how to reach it."""
    if request.param == "fake":
        return FakeSources({BUCKET: OBJECTS}), S3Access("", "", "")
    return reachable, request.getfixturevalue(request.param)


Shelf = tuple[Sources, ObjectAccess]


async def read(shelf: Shelf, key: str, *, container: str = BUCKET, most: int = 10_000_000) -> bytes:
    sources, access = shelf
    async with sources.objects(access) as objects:
        return b"".join([chunk async for chunk in objects.read(container, key, most_bytes=most)])


async def listed(shelf: Shelf, folder: str, *, container: str = BUCKET) -> list[FoundObject]:
    sources, access = shelf
    async with sources.objects(access) as objects:
        return [entry async for entry in objects.list(container, folder)]


@pytest.mark.parametrize("key", OBJECTS)
async def test_objects_are_read(shelf: Shelf, key: str) -> None:
    assert await read(shelf, key) == OBJECTS[key]


async def test_folders_are_listed(shelf: Shelf) -> None:
    assert await listed(shelf, "in") == [FoundObject("in/a.txt", 5), FoundObject("in/sub/b ü😀.txt", 6)]
    assert {entry.key for entry in await listed(shelf, "")} == set(OBJECTS)
    assert await listed(shelf, "nothing") == []


async def test_what_is_missing_has_a_name(shelf: Shelf) -> None:
    with pytest.raises(ObjectMissing, match=r"'nothing\.txt' in 'inputs'"):
        await read(shelf, "nothing.txt")
    with pytest.raises(ContainerMissing, match="'elsewhere'"):
        await listed(shelf, "in", container="elsewhere")


async def test_what_is_too_large_is_not_read(shelf: Shelf) -> None:
    with pytest.raises(ObjectTooLarge, match="2999999"):
        await read(shelf, "big", most=2_999_999)


async def test_wrong_keys_are_told_without_the_secret(reachable: RealSources, s3: S3Access) -> None:
    wrong = S3Access("UNKNOWN", "the-secret", "us-east-1", s3.endpoint)

    with pytest.raises(CredentialsWrong) as raised:
        await read((reachable, wrong), "in/a.txt")
    assert "the-secret" not in raised.value.message
    assert "the-secret" not in repr(wrong)


async def test_the_servers_environment_is_left_alone(
    reachable: RealSources, s3: S3Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "OURS",
        "AWS_SECRET_ACCESS_KEY": "ours",
        "AWS_SESSION_TOKEN": "ours",
        "AWS_ENDPOINT": "http://127.0.0.1:1",
        "AWS_SKIP_SIGNATURE": "true",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)

    assert await read((reachable, s3), "in/a.txt") == b"first"


async def test_forbidden_addresses_are_not_reached(s3: S3Access) -> None:
    sources = RealSources(Destinations(), None)
    access = S3Access(S3_KEY, S3_KEY, "", s3.endpoint)

    with pytest.raises(DestinationForbidden):
        await sources.check(access)
    with pytest.raises(DestinationForbidden):
        await read((sources, access), "in/a.txt")
    await sources.close()


async def test_silent_places_are_not_reachable(reachable: RealSources) -> None:
    nobody = S3Access(S3_KEY, S3_KEY, "", f"http://127.0.0.1:{free_port()}")

    with pytest.raises(SourceNotReachable):
        await read((reachable, nobody), "in/a.txt")


# Databases

CREATE = "CREATE TABLE texts (id integer, words {text}, picture {bytes})"
SELECT = 'SELECT words AS "input.txt", picture AS "image.png" FROM texts ORDER BY id'
ROWS: list[Row] = [{"input.txt": "ä 😀", "image.png": b"\x00\xff"}, {"input.txt": "b", "image.png": None}]


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDb]:
    with mariadb_server() as server:
        server.execute(f"USE shop; {CREATE.format(text='text', bytes='blob')}")
        server.execute(
            "USE shop;"
            "INSERT INTO texts VALUES (1, 'ä 😀', x'00ff'), (2, 'b', NULL);"
            "CREATE TABLE many AS SELECT seq AS n, repeat('x', 10000) AS text FROM seq_1_to_20000;"
        )
        yield server


@pytest.fixture(scope="module")
def postgres() -> Iterator[int]:
    """The port of one that is asked with a password."""
    with running_cluster(loopback_port=free_port()) as cluster:
        run = cluster.commands.execute
        run(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'".encode())
        run(CREATE.format(text="text", bytes="bytea").encode())
        run("INSERT INTO texts VALUES (1, 'ä 😀', '\\x00ff'), (2, 'b', NULL)")
        run("CREATE TABLE many AS SELECT n, repeat('x', 10000) AS text FROM generate_series(1, 20000) n")
        run("GRANT SELECT ON texts, many TO PUBLIC")
        yield cluster.port


@pytest.fixture(params=["postgresql", "mysql", "sqlite"])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseAccess:
    if request.param == "postgresql":
        port = request.getfixturevalue("postgres")
        return DatabaseAccess(DatabaseKind.POSTGRESQL, "127.0.0.1", port, "postgres", USER, PASSWORD, SELECT)
    if request.param == "mysql":
        port = request.getfixturevalue("mariadb").port
        quoted = SELECT.replace('"', "`")
        return DatabaseAccess(DatabaseKind.MYSQL, "127.0.0.1", port, DATABASE, USER, PASSWORD, quoted)
    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as made, made:
        made.execute(CREATE.format(text="text", bytes="blob"))
        made.execute("INSERT INTO texts VALUES (1, 'ä 😀', x'00ff'), (2, 'b', NULL)")
        made.execute(
            "CREATE TABLE many AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000)"
            " SELECT n, hex(zeroblob(5000)) AS text FROM c"
        )
    return DatabaseAccess(DatabaseKind.SQLITE, "", 0, "shop.db", "", "", SELECT)


async def rows_of(sources: Sources, access: DatabaseAccess) -> list[Row]:
    async with contextlib.aclosing(sources.rows(access)) as rows:
        return [row async for row in rows]


async def test_rows_have_the_names_of_their_columns(reachable: RealSources, asked: DatabaseAccess) -> None:
    assert await rows_of(reachable, asked) == ROWS
    assert await rows_of(FakeSources(queries={SELECT: ROWS}), replace(asked, query=SELECT)) == ROWS


async def test_large_results_are_streamed(reachable: RealSources, asked: DatabaseAccess) -> None:
    many = replace(asked, query="SELECT n, text FROM many")
    number, before = 0, resident_bytes()

    async with contextlib.aclosing(reachable.rows(many)) as rows:
        async for _ in rows:
            number += 1
            if number % 2000 == 0:
                assert resident_bytes() - before < 60_000_000  # of 200 MB
    assert number == 20_000


async def test_large_rows_after_small_ones_do_not_fill_the_memory(
    reachable: RealSources, asked: DatabaseAccess
) -> None:
    query = "SELECT n, CASE WHEN n <= 300 THEN 'x' ELSE repeat('x', 4000000) END AS text FROM many WHERE n <= 340"
    if asked.kind is DatabaseKind.SQLITE:
        query = query.replace("repeat('x', 4000000)", "hex(zeroblob(2000000))")
    number, before = 0, resident_bytes()

    async with contextlib.aclosing(reachable.rows(replace(asked, query=query))) as rows:
        async for _ in rows:
            number += 1
            if number > 300:
                assert resident_bytes() - before < 60_000_000  # of 160 MB
    assert number == 340


async def test_who_stops_reading_ends_the_query(reachable: RealSources, asked: DatabaseAccess) -> None:
    many = replace(asked, query="SELECT n, text FROM many")

    async with contextlib.aclosing(reachable.rows(many)) as rows:
        assert await anext(rows)
    assert await rows_of(reachable, asked) == ROWS


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT nothing FROM texts", "nothing"),
        ("SELECT id, id FROM texts", "same name"),
        ("DELETE FROM texts", "refused|no rows|one SELECT"),
        ("CREATE TABLE more (id integer)", "refused|no rows|one SELECT"),
        ("no SQL at all", "refused|one SELECT"),
        ("SELECT 1; SELECT 2", "refused|one SELECT"),
    ],
)
async def test_bad_queries_are_told(reachable: RealSources, asked: DatabaseAccess, query: str, reason: str) -> None:
    with pytest.raises(QueryFailed, match=reason):
        await rows_of(reachable, replace(asked, query=query))
    assert await rows_of(reachable, asked) == ROWS


async def test_wrong_passwords_are_told_without_them(reachable: RealSources, asked: DatabaseAccess) -> None:
    if asked.kind is DatabaseKind.SQLITE:
        return  # it has none
    with pytest.raises(CredentialsWrong) as raised:
        await rows_of(reachable, replace(asked, password="the-wrong-password"))
    assert "the-wrong-password" not in raised.value.message


async def test_databases_are_not_reached_where_that_is_forbidden(asked: DatabaseAccess) -> None:
    forbidding = RealSources(Destinations(), None)

    with pytest.raises((DestinationForbidden, FileNotOffered)):
        await forbidding.check(asked)
    with pytest.raises((DestinationForbidden, FileNotOffered)):
        await rows_of(forbidding, asked)


async def test_silent_databases_are_not_reachable(reachable: RealSources, asked: DatabaseAccess) -> None:
    if asked.kind is DatabaseKind.SQLITE:
        return  # it is a file
    with pytest.raises(SourceNotReachable):
        await rows_of(reachable, replace(asked, port=free_port()))


@pytest.mark.parametrize("name", ["../outside.db", "/etc/passwd", "missing.db", ".", "\0"])
async def test_other_files_are_no_sqlite_sources(reachable: RealSources, tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "outside.db").touch()

    with pytest.raises(FileNotOffered):
        await rows_of(reachable, DatabaseAccess(DatabaseKind.SQLITE, "", 0, name, "", "", SELECT))


async def test_no_other_file_can_be_attached(reachable: RealSources, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "shop.db").close()
    (tmp_path / "shop.db").touch()

    with pytest.raises(QueryFailed):
        await rows_of(
            reachable, DatabaseAccess(DatabaseKind.SQLITE, "", 0, "shop.db", "", "", "ATTACH 'other.db' AS other")
        )
    assert not (tmp_path / "other.db").exists()


def resident_bytes() -> int:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
