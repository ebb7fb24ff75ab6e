"""Inputs of type `jdbc`: each row of a query is an item, its columns are the inputs."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from modelyard.adapters.sources.base import DatabaseAccess, DatabaseKind, QueryFailed, Row
from modelyard.domain.inputs.items import InputValue
from modelyard.domain.inputs.jdbc_address import DRIVERS, DatabaseAddress, read_jdbc_address
from modelyard.domain.inputs.kind import SourceKind
from modelyard.domain.inputs.members import LONGEST_QUERY, Members

_NOWHERE = DatabaseAddress(DatabaseKind.SQLITE, "", 0, "")


def read_access(members: Members) -> DatabaseAccess:
    """The database, who asks it, and the query. The address says which database it is; the driver must not differ.

    One client always names PostgreSQL's driver, so that is no contradiction.
    """
    address = _NOWHERE
    try:
        if url := members.text("url"):
            address = read_jdbc_address(url)
    except ValueError as error:
        members.wrong("url", str(error))
    driver = members.text("driver", needed=False)
    if driver and driver not in DRIVERS:
        members.wrong("driver", f"must be one of {', '.join(DRIVERS)}")
    elif driver and address is not _NOWHERE and DRIVERS[driver] not in {address.kind, DatabaseKind.POSTGRESQL}:
        members.wrong("driver", f"does not fit input.url, which is of {address.kind}")
    needs_user = address.kind is not DatabaseKind.SQLITE
    return DatabaseAccess(
        kind=address.kind,
        host=address.host,
        port=address.port,
        name=address.name,
        options=address.options,
        username=members.text("username", needed=needs_user),
        password=members.secret("password", needed=False),
        query=members.text("query", most=LONGEST_QUERY).rstrip(";"),
    )


def input_columns(columns: Sequence[str], declared: Sequence[str]) -> dict[str, str]:
    """Which input each column is: by its exact name, or where only the case differs. Raises QueryFailed."""
    folded = {name.casefold(): name for name in declared}
    found = {column: column if column in declared else folded.get(column.casefold(), "") for column in columns}
    if "" in found.values() or sorted(found.values()) != sorted(declared):
        raise QueryFailed(
            f"the query's columns are {_listed(columns)}, but the model's inputs are {_listed(declared)}; "
            'give each column the name of its input: SELECT text AS "input.txt"'
        )
    return found


def row_values(row: Row, names: Mapping[str, str]) -> list[InputValue]:
    """The inputs of a row. What is NULL is left out."""
    return [InputValue(names[column], "", value_bytes(value)) for column, value in row.items() if value is not None]


def value_bytes(value: object) -> bytes:
    """How a value of a database looks as an input: texts in UTF-8, bytes as they are, all else as people write it."""
    match value:
        case bytes() | bytearray() | memoryview():
            return bytes(value)
        case str():
            return value.encode(errors="replace")
        case bool():
            return b"true" if value else b"false"
        case datetime() | date() | time():
            return value.isoformat().encode()
        case int() | float() | Decimal() | UUID():
            return str(value).encode()
        case _:
            return json.dumps(value, default=_plain, ensure_ascii=False).encode(errors="replace")


def _plain(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:100]) for name in names[:20])


KIND = SourceKind(read_value=None, read_access=read_access, access_type=DatabaseAccess, is_found_out=True)
