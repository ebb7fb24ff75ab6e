"""Addresses of databases, as JDBC writes them."""

import pytest

from modelyard.adapters.sources.base import DatabaseKind
from modelyard.domain.inputs.jdbc_address import read_jdbc_address


@pytest.mark.parametrize(
    ("url", "kind", "host", "port", "name", "options"),
    [
        ("postgresql://h/d", DatabaseKind.POSTGRESQL, "h", 5432, "d", {}),
        ("postgresql://[::1]:1/d%20e", DatabaseKind.POSTGRESQL, "::1", 1, "d e", {}),
        ("postgresql://h/d?ssl=true", DatabaseKind.POSTGRESQL, "h", 5432, "d", {"sslmode": "verify-full"}),
        ("postgresql://h/d?currentSchema=s", DatabaseKind.POSTGRESQL, "h", 5432, "d", {"currentSchema": "s"}),
        ("mysql://h/d?useSSL=true", DatabaseKind.MYSQL, "h", 3306, "d", {"useSSL": "true"}),
        ("mariadb://h:33/d", DatabaseKind.MYSQL, "h", 33, "d", {}),
        ("sqlserver://h;databaseName=d;encrypt=false", DatabaseKind.SQL_SERVER, "h", 1433, "d", None),
        ("oracle:thin:@//h:1/s.x", DatabaseKind.ORACLE, "h", 1, "s.x", {"by": "service"}),
        ("oracle:thin:@h:1:sid", DatabaseKind.ORACLE, "h", 1, "sid", {"by": "sid"}),
        ("oracle:thin:@h/s", DatabaseKind.ORACLE, "h", 1521, "s", {"by": "service"}),
        ("sqlite:a/b.db", DatabaseKind.SQLITE, "", 0, "a/b.db", {}),
    ],
)
def test_addresses_are_read(
    url: str, kind: DatabaseKind, host: str, port: int, name: str, options: dict[str, str] | None
) -> None:
    found = read_jdbc_address(f"jdbc:{url}")

    assert (found.kind, found.host, found.port, found.name) == (kind, host, port, name)
    assert options is None or found.options == options


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://h/d", "must begin with jdbc:"),
        ("jdbc:db2://h/d", "must begin with jdbc:"),
        ("jdbc:postgresql:d", "must look like jdbc:postgresql://host"),
        ("jdbc:postgresql://h1,h2/d", "must look like"),
        ("jdbc:postgresql://user:secret@h/d", "must look like"),
        ("jdbc:postgresql://h:0/d", "no valid port"),
        ("jdbc:postgresql://h:99999/d", "no valid port"),
        ("jdbc:postgresql://h/d?sslmode=maybe", "unknown sslmode"),
        ("jdbc:postgresql://h/d?options=-c", "does not know: options"),
        ("jdbc:mysql://h/d?allowLoadLocalInfile=true", "does not know: allowLoadLocalInfile"),
        ("jdbc:sqlserver://h\\instance;databaseName=d", "must look like"),
        ("jdbc:sqlserver://h;trustServerCertificate=true", "does not know: trustServerCertificate"),
        ("jdbc:oracle:oci:@h", "must look like"),
        ("jdbc:sqlite:", "must be jdbc:sqlite:file.db"),
    ],
)
def test_what_cannot_be_honoured_is_refused(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        read_jdbc_address(url)
    assert "secret" not in str(raised.value)
