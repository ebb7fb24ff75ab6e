"""Rows of a PostgreSQL query, through a cursor on the server."""

import contextlib
import re
import ssl
from collections.abc import AsyncGenerator
from typing import Any

import psycopg

from modelyard.adapters.sources.base import DatabaseAccess, QueryFailed, Row
from modelyard.adapters.sources.driver_rows import (
    SECONDS_TO_CONNECT,
    SECONDS_WITHOUT_A_ROW,
    explain_database_error,
    require_plain_columns,
    rows_to_read,
    size_of,
)
from modelyard.core.destinations import Destination, Destinations

_LOGIN = ("28P01", "28000", "3D000")
_REFUSED = ("password authentication failed", "no pg_hba.conf entry", "does not exist", "no password supplied")


async def stream_postgres_rows(access: DatabaseAccess, destinations: Destinations) -> AsyncGenerator[Row]:
    """The rows, one after the other. The connection goes to an address that was approved."""
    destination = await destinations.approve(access.host, access.port)
    try:
        connection = await psycopg.AsyncConnection.connect(**_parameters(access, destination))
        async with connection, connection.cursor("items") as cursor:
            await cursor.execute(access.query.encode())
            columns = require_plain_columns([column.name for column in cursor.description or ()])
            async with contextlib.aclosing(_fetched(connection)) as rows:
                async for row in rows:
                    yield dict(zip(columns, row, strict=True))
    except psycopg.errors.SyntaxError as error:
        raise QueryFailed(f"it has to be one SELECT: {explain_database_error(error, access, _no, _no)}") from None
    except psycopg.Error as error:
        raise explain_database_error(error, access, _is_login, _is_away) from None


async def _fetched(connection: psycopg.AsyncConnection) -> AsyncGenerator[tuple[Any, ...]]:
    """What the cursor on the server has. Each row comes into memory alone: it may be far larger than those before."""
    number = 1
    async with connection.cursor() as reader:
        while number:
            asked, number, largest = number, 0, 0
            stream: Any = reader.stream(f"FETCH FORWARD {asked} FROM items".encode())
            async with contextlib.aclosing(stream) as rows:
                async for row in rows:
                    largest = max(largest, size_of(row))
                    number = rows_to_read(largest, asked)
                    yield row


def _parameters(access: DatabaseAccess, destination: Destination) -> dict[str, Any]:
    each = len(destination.addresses)
    settings = {"default_transaction_read_only": "on", "statement_timeout": str(SECONDS_WITHOUT_A_ROW * 1000)}
    if schema := access.options.get("currentSchema"):
        settings["search_path"] = schema
    return {
        "host": ",".join([access.host] * each),
        "hostaddr": ",".join(map(str, destination.addresses)),
        "port": ",".join([str(access.port)] * each),
        "dbname": access.name,
        "user": access.username,
        "password": access.password,
        "sslmode": access.options.get("sslmode", "prefer"),
        "sslrootcert": ssl.get_default_verify_paths().cafile or "system",
        # Nothing of the server's own user is shown to the databases of others.
        "passfile": "/dev/null/none",
        "sslcertmode": "disable",
        "connect_timeout": SECONDS_TO_CONNECT,
        "application_name": access.options.get("ApplicationName", "modelyard"),
        "options": " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items()),
        "gssencmode": "disable",
    }


def _escaped(value: str) -> str:
    """One value among options, which any space would end."""
    return re.sub(r"[\\\s]", lambda found: f"\\{found[0]}", value)


def _is_login(error: Exception) -> bool:
    state = getattr(error, "sqlstate", None)
    return state in _LOGIN or (state is None and any(text in str(error) for text in _REFUSED))


def _is_away(error: Exception) -> bool:
    return isinstance(error, psycopg.OperationalError) and (getattr(error, "sqlstate", None) or "08")[:2] in {
        "08",
        "57",
    }


def _no(_: Exception) -> bool:
    return False
