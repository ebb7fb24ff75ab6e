"""What drivers of databases are told that no test can talk to, and what is said where one is missing."""

import importlib
import ssl
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest

from modelyard.adapters.sources import everywhere, mysql_rows, oracle_rows, postgres_rows, sqlserver_rows
from modelyard.adapters.sources.base import DatabaseAccess, DatabaseKind, DriverMissing
from modelyard.adapters.sources.driver_rows import BYTES_AT_ONCE, MOST_ROWS_AT_ONCE, rows_to_read, size_of
from modelyard.core.destination_rules import parse_rules
from modelyard.core.destinations import Destination, Destinations


class Spy:
    """A connection that notes what it is told."""

    def __init__(self, **told: Any) -> None:
        self.told = told
        self.executed: list[str] = []

    def cursor(self) -> "Spy":
        return self

    def execute(self, text: str) -> None:
        self.executed.append(text)

    def __enter__(self) -> "Spy":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def access(kind: DatabaseKind, **options: str) -> DatabaseAccess:
    return DatabaseAccess(kind, "127.0.0.1", 1234, "shop", "reader", "secret", "SELECT 1", options)


def spied(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setattr(importlib.import_module(module), "connect", Spy)


def test_sql_server_is_asked_encrypted_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    spied(monkeypatch, "pytds")
    driver = sqlserver_rows.sqlserver_driver()

    told = driver.connect(access(DatabaseKind.SQL_SERVER)).told
    plain = driver.connect(access(DatabaseKind.SQL_SERVER, encrypt="false")).told

    assert (told["dsn"], told["port"], told["database"], told["readonly"]) == ("127.0.0.1", 1234, "shop", True)
    assert told["cafile"] == ssl.get_default_verify_paths().cafile
    assert plain["cafile"] is None


@pytest.mark.parametrize(("by", "named"), [("sid", {"sid": "shop"}), ("service", {"service_name": "shop"})])
def test_oracle_is_asked_in_a_transaction_that_only_reads(
    monkeypatch: pytest.MonkeyPatch, by: str, named: dict[str, str]
) -> None:
    spied(monkeypatch, "oracledb")

    connection = oracle_rows.oracle_driver().connect(access(DatabaseKind.ORACLE, by=by))

    assert named.items() <= connection.told.items()
    assert connection.executed == ["SET TRANSACTION READ ONLY"]


@pytest.mark.parametrize(
    ("options", "verifies"),
    [({}, None), ({"sslMode": "REQUIRED"}, False), ({"useSSL": "true"}, False), ({"sslMode": "VERIFY_IDENTITY"}, True)],
)
def test_mysql_is_asked_encrypted_where_the_address_says_so(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], verifies: bool | None
) -> None:
    spied(monkeypatch, "pymysql")

    told = mysql_rows.mysql_driver().connect(access(DatabaseKind.MYSQL, **options)).told

    assert told["local_infile"] is False
    assert (told["ssl"].check_hostname if told["ssl"] else None) is verifies


@pytest.mark.parametrize(
    ("kind", "extra"),
    [(DatabaseKind.MYSQL, "mysql"), (DatabaseKind.SQL_SERVER, "sqlserver"), (DatabaseKind.ORACLE, "oracle")],
)
async def test_missing_drivers_are_named(monkeypatch: pytest.MonkeyPatch, kind: DatabaseKind, extra: str) -> None:
    monkeypatch.setattr(everywhere, "find_spec", lambda _: None)
    sources = everywhere.RealSources(Destinations(allowed=parse_rules(["all"])), None)

    with pytest.raises(DriverMissing, match=rf"modelyard\[{extra}\]"):
        await sources.check(access(kind))
    with pytest.raises(DriverMissing):
        sources.rows(access(kind))


def test_errors_of_oracle_are_told_apart() -> None:
    driver = oracle_rows.oracle_driver()

    def error(code: str) -> Exception:
        return Exception(SimpleNamespace(full_code=code))

    assert driver.is_login(error("ORA-01017"))
    assert driver.is_away(error("DPY-6005"))
    assert not driver.is_login(error("ORA-00942"))
    assert not driver.is_away(Exception())


def test_rows_are_read_as_fit_into_memory() -> None:
    assert rows_to_read(10, 1) == 2
    assert rows_to_read(10, MOST_ROWS_AT_ONCE) == MOST_ROWS_AT_ONCE
    assert rows_to_read(BYTES_AT_ONCE * 2, 64) == 1
    assert size_of(["abc", b"12345", None, 4]) == 3 + 5 + 16 + 16


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\v", "\f", "\r"])
def test_an_option_cannot_bring_others_along(space: str) -> None:
    destination = Destination("127.0.0.1", 1234, (ip_address("127.0.0.1"),))
    schema = f"a{space}-c{space}statement_timeout=0\\"

    told = postgres_rows._parameters(access(DatabaseKind.POSTGRESQL, currentSchema=schema), destination)["options"]

    assert told.endswith(f"search_path=a\\{space}-c\\{space}statement_timeout=0\\\\")
