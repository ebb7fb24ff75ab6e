"""What each kind of source takes, and that everything that is wrong is said at once, without the secret."""

from typing import Any

import pytest

from modelyard.adapters.sources.base import AzureAccess, DatabaseAccess, DatabaseKind, S3Access
from modelyard.core.sealing import Sealer
from modelyard.domain.inputs.items import SourcesRejected
from modelyard.domain.inputs.sealed_source import Folder, open_source, seal_source
from modelyard.domain.inputs.sources import SOURCES, read_access, read_items, source_kind
from modelyard.domain.models.contract import DeclaredInput

SECRET = "a-secret-that-nobody-may-see"
DECLARED = (DeclaredInput("input.txt", ("text/plain",), 100),)
S3 = {"accessKeyID": "AKIA", "secretAccessKey": SECRET, "region": "eu-central-1"}
GRID = {"accessKeyID": "AKIA", "secretAccessKey": SECRET, "endpoint": "https://grid.example.org:8082/"}
AZURE = {"storageAccount": "account1", "storageAccountKey": "c2VjcmV0"}
JDBC = {
    "url": "jdbc:postgresql://db.example.org:5433/shop",
    "username": "reader",
    "password": SECRET,
    "driver": "org.postgresql.Driver",
    "query": "SELECT 1;",
}


def access_of(kind: str, given: dict[str, Any]) -> Any:
    return read_access(source_kind(kind), given)


def test_the_registry_has_every_kind() -> None:
    kinds = {"text", "embedded", "aws-s3", "aws-s3-folder", "storage-grid", "azureblob", "jdbc"}
    assert kinds == set(SOURCES)
    assert access_of("text", {}) is None


def test_access_is_read() -> None:
    assert access_of("aws-s3", S3) == S3Access("AKIA", SECRET, "eu-central-1")
    assert access_of("aws-s3-folder", S3 | {"sessionToken": "t"}).session_token == "t"
    assert access_of("aws-s3", {"endpoint": "http://store:9000"}) == S3Access("", "", "", "http://store:9000")
    assert access_of("storage-grid", GRID) == S3Access("AKIA", SECRET, "us-east-1", "https://grid.example.org:8082")
    assert access_of("azureblob", AZURE) == AzureAccess("account1", "c2VjcmV0")
    database = DatabaseAccess(DatabaseKind.POSTGRESQL, "db.example.org", 5433, "shop", "reader", SECRET, "SELECT 1", {})
    assert access_of("jdbc", JDBC) == database


def test_spaces_may_be_part_of_a_password() -> None:
    assert access_of("jdbc", JDBC | {"password": " a b "}).password == " a b "
    assert access_of("storage-grid", GRID | {"secretAccessKey": "a "}).secret_access_key == "a "


@pytest.mark.parametrize(
    ("kind", "given", "problems"),
    [
        ("aws-s3", {}, ["region is missing"]),
        ("aws-s3", {"accessKeyID": SECRET}, ["secretAccessKey is missing", "region is missing"]),
        ("aws-s3", {"secretAccessKey": SECRET, "region": "a/b"}, ["accessKeyID is missing", "region must be"]),
        ("aws-s3", S3 | {"accessKeyID": 4}, ["accessKeyID must be a text"]),
        ("aws-s3", S3 | {"secretAccessKey": SECRET * 1000}, ["secretAccessKey has at most"]),
        ("storage-grid", {}, ["accessKeyID is", "secretAccessKey is", "endpoint is missing"]),
        ("storage-grid", GRID | {"endpoint": f"http://me:{SECRET}@host"}, ["endpoint must be an address"]),
        ("storage-grid", GRID | {"endpoint": "file:///etc"}, ["endpoint must be an address"]),
        ("storage-grid", GRID | {"endpoint": "http://host:x"}, ["endpoint must be an address"]),
        ("storage-grid", GRID | {"endpoint": "http://[fe80::1%eth0]"}, ["endpoint must be an address"]),
        ("storage-grid", GRID | {"endpoint": "http://１２７.0.0.1"}, ["endpoint must be an address"]),
        ("storage-grid", GRID | {"endpoint": "http://host/a b"}, ["endpoint must be an address"]),
        ("storage-grid", GRID | {"accessKeyID": "A\nB"}, ["accessKeyID must not have spaces"]),
        ("aws-s3", S3 | {"sessionToken": "t\x7f"}, ["sessionToken must not have spaces"]),
        ("azureblob", {}, ["storageAccount is missing", "storageAccountKey is missing"]),
        ("azureblob", {"storageAccount": "A B", "storageAccountKey": "*"}, ["small letters", "base64"]),
        ("jdbc", {}, ["url is missing", "query is missing"]),
        ("jdbc", JDBC | {"url": f"jdbc:db2://h/{SECRET}"}, ["url must begin with jdbc: and one of postgresql"]),
        ("jdbc", JDBC | {"driver": "org.h2.Driver"}, ["driver must be one of org.postgresql.Driver"]),
        ("jdbc", JDBC | {"driver": "org.sqlite.JDBC"}, ["driver does not fit input.url, which is of postgresql"]),
        ("jdbc", JDBC | {"query": "\0"}, ["query has at most"]),
        ("jdbc", JDBC | {"username": None}, ["username is missing"]),
    ],
)
def test_everything_that_is_wrong_is_said(kind: str, given: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(SourcesRejected) as raised:
        access_of(kind, given)

    for problem in problems:
        assert f"input.{problem}" in raised.value.message or problem in raised.value.message
    assert SECRET not in raised.value.message


def test_the_driver_of_one_client_is_no_contradiction() -> None:
    assert access_of("jdbc", JDBC | {"url": "jdbc:mysql://h/d"}).kind is DatabaseKind.MYSQL


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(SourcesRejected, match="known types: text, embedded, aws-s3"):
        source_kind("ftp")


def errors(kind: str, value: Any) -> str | None:
    good = {"container": "c", "filePath": "k"} if kind == "azureblob" else {"bucket": "c", "key": "k"}
    sources = {"good": {"input.txt": good}, "item": {"input.txt": value}}
    return read_items(kind, sources, DECLARED, most_items=5)[1].error


@pytest.mark.parametrize("kind", ["aws-s3", "storage-grid"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"bucket": "b", "key": "k"}, None),
        ("s3://b/k", "must be"),
        ({"bucket": "b"}, "has no key"),
        ({"bucket": "", "key": "k"}, "has no bucket"),
        ({"bucket": "b", "key": "/"}, "has no key"),
        ({"bucket": "b", "key": 5}, "has no key"),
        ({"bucket": "b/c", "key": "k"}, "has a slash"),
        ({"bucket": "my bucket", "key": "k"}, "has spaces"),
        ({"bucket": "b\n", "key": "k"}, "has spaces"),
        ({"bucket": "eimer-ü", "key": "k"}, "beyond ASCII"),
        ({"bucket": "b", "key": "k" * 1025}, "more than 1024 bytes"),
        ({"bucket": "b", "key": "a\0b"}, "NUL"),
    ],
)
def test_locations_of_s3(kind: str, value: Any, problem: str | None) -> None:
    found = errors(kind, value)
    assert found is None if problem is None else problem in (found or "")


def test_locations_of_azure() -> None:
    assert errors("azureblob", {"container": "c", "filePath": "a/b"}) is None
    assert "has no filePath" in (errors("azureblob", {"container": "c", "key": "a"}) or "")


def test_folders_may_be_whole_buckets() -> None:
    assert errors("aws-s3-folder", {"bucket": "b", "key": ""}) is None
    assert errors("aws-s3-folder", {"bucket": "b", "key": "/"}) is None
    assert "has no key" in (errors("aws-s3-folder", {"bucket": "b"}) or "")


def test_queries_have_no_sources_but_an_empty_object_may_come_along() -> None:
    assert read_items("jdbc", None, DECLARED, most_items=5) == []
    assert read_items("jdbc", {}, DECLARED, most_items=5) == []
    with pytest.raises(SourcesRejected, match="have no sources"):
        read_items("jdbc", {"a": {}}, DECLARED, most_items=5)


@pytest.mark.parametrize(
    ("kind", "given"), [("aws-s3", S3), ("storage-grid", GRID), ("azureblob", AZURE), ("jdbc", JDBC)]
)
def test_sealed_sources_are_opened_again(kind: str, given: dict[str, Any]) -> None:
    sealer, access = Sealer(b"key"), access_of(kind, given)

    sealed = seal_source(sealer, access)

    assert SECRET not in sealed
    assert open_source(sealer, kind, sealed).access == access
    assert SECRET not in repr(open_source(sealer, kind, sealed))


def test_folders_are_sealed_with_it() -> None:
    sealer = Sealer(b"key")
    items = read_items("aws-s3-folder", {"f": {"input.txt": {"bucket": "b", "key": "in/"}}}, DECLARED, most_items=5)

    sealed = seal_source(sealer, access_of("aws-s3-folder", S3), items)

    assert open_source(sealer, "aws-s3-folder", sealed).folders == (
        Folder("f", {"input.txt": {"container": "b", "key": "in/"}}),
    )
