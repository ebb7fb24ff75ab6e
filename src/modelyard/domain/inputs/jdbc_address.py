"""Reads addresses of databases as JDBC writes them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from modelyard.adapters.sources.base import DatabaseKind

DRIVERS = {
    "org.postgresql.Driver": DatabaseKind.POSTGRESQL,
    "com.mysql.cj.jdbc.Driver": DatabaseKind.MYSQL,
    "com.mysql.jdbc.Driver": DatabaseKind.MYSQL,
    "org.mariadb.jdbc.Driver": DatabaseKind.MYSQL,
    "com.microsoft.sqlserver.jdbc.SQLServerDriver": DatabaseKind.SQL_SERVER,
    "oracle.jdbc.OracleDriver": DatabaseKind.ORACLE,
    "oracle.jdbc.driver.OracleDriver": DatabaseKind.ORACLE,
    "org.sqlite.JDBC": DatabaseKind.SQLITE,
}
_OPTIONS = {
    DatabaseKind.POSTGRESQL: {"sslmode", "currentSchema", "ApplicationName"},
    DatabaseKind.MYSQL: {"useSSL", "sslMode"},
    DatabaseKind.SQL_SERVER: {"databaseName", "database", "encrypt", "applicationName"},
    DatabaseKind.ORACLE: set(),
    DatabaseKind.SQLITE: set(),
}
_PLACE = r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?"
_WITH_QUERY = re.compile(rf"//{_PLACE}(?:/(?P<name>[^?]*))?(?:\?(?P<query>.*))?")
_SQL_SERVER = re.compile(rf"//{_PLACE}(?:;(?P<query>.*))?")
_ORACLE = re.compile(rf"thin:@(?://)?{_PLACE}(?P<by>[:/])(?P<name>[\w.$#-]+)")


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where a database is; `name` is that of the database, or of a SQLite file."""

    kind: DatabaseKind
    host: str
    port: int
    name: str
    options: dict[str, str] = field(default_factory=dict)


def read_jdbc_address(url: str) -> DatabaseAddress:
    """The parts of the address. Raises ValueError with what is wrong, without the address: it may hold a password."""
    scheme, _, rest = url.removeprefix("jdbc:").partition(":")
    if not url.startswith("jdbc:") or scheme not in _READERS:
        raise ValueError(f"must begin with jdbc: and one of {', '.join(_READERS)}")
    read = _READERS[scheme](rest)
    if unknown := set(read.options) - _OPTIONS[read.kind] - ({"by"} if read.kind is DatabaseKind.ORACLE else set()):
        known = ", ".join(sorted(_OPTIONS[read.kind])) or "none"
        raise ValueError(f"has parameters that this server does not know: {', '.join(sorted(unknown))[:200]}; {known}")
    if not 1 <= read.port <= 65535 and read.kind is not DatabaseKind.SQLITE:
        raise ValueError("has no valid port")
    return read


def _read_postgresql(rest: str) -> DatabaseAddress:
    found = _matched(_WITH_QUERY, rest, "jdbc:postgresql://host:port/database")
    options = dict(parse_qsl(found["query"] or "", keep_blank_values=True))
    if (wants := options.pop("ssl", None)) is not None and "sslmode" not in options and wants != "false":
        options["sslmode"] = "verify-full"
    if options.get("sslmode", "prefer") not in {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}:
        raise ValueError("has an unknown sslmode")
    name = unquote(found["name"] or "")
    return DatabaseAddress(DatabaseKind.POSTGRESQL, _host(found), int(found["port"] or 5432), name, options)


def _read_mysql(rest: str) -> DatabaseAddress:
    found = _matched(_WITH_QUERY, rest, "jdbc:mysql://host:port/database")
    options = dict(parse_qsl(found["query"] or "", keep_blank_values=True))
    name = unquote(found["name"] or "")
    return DatabaseAddress(DatabaseKind.MYSQL, _host(found), int(found["port"] or 3306), name, options)


def _read_sqlserver(rest: str) -> DatabaseAddress:
    found = _matched(_SQL_SERVER, rest, "jdbc:sqlserver://host:port;databaseName=…")
    pairs = (part.partition("=") for part in (found["query"] or "").split(";") if part.strip())
    options = {name.strip(): value.strip() for name, _, value in pairs}
    name = options.get("databaseName") or options.get("database") or ""
    return DatabaseAddress(DatabaseKind.SQL_SERVER, _host(found), int(found["port"] or 1433), name, options)


def _read_oracle(rest: str) -> DatabaseAddress:
    found = _matched(_ORACLE, rest, "jdbc:oracle:thin:@//host:port/service")
    by = {"by": "sid" if found["by"] == ":" else "service"}
    return DatabaseAddress(DatabaseKind.ORACLE, _host(found), int(found["port"] or 1521), found["name"], by)


def _read_sqlite(rest: str) -> DatabaseAddress:
    if not rest:
        raise ValueError("must be jdbc:sqlite:file.db")
    return DatabaseAddress(DatabaseKind.SQLITE, "", 0, rest)


def _matched(form: re.Pattern[str], rest: str, example: str) -> re.Match[str]:
    found = form.fullmatch(rest)
    if found is None:
        raise ValueError(f"must look like {example}")
    return found


def _host(found: re.Match[str]) -> str:
    return found["host"].strip("[]")


_READERS: dict[str, Callable[[str], DatabaseAddress]] = {
    "postgresql": _read_postgresql,
    "mysql": _read_mysql,
    "mariadb": _read_mysql,
    "sqlserver": _read_sqlserver,
    "oracle": _read_oracle,
    "sqlite": _read_sqlite,
}
