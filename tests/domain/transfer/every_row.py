"""Rows for every table there is, with values that databases like to treat differently."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    insert,
    null,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Base, UtcDateTime
from modelyard.domain.audit.tables import AuditChain, AuditEvent
from modelyard.domain.transfer.installation_tables import moved_tables

KINDS = ("full", "without", "null documents")
"""All columns have a value; those that need none have none; documents are `null`."""
UNCHAINED = {AuditChain.__tablename__, AuditEvent.__tablename__}
_TIME = datetime(2026, 3, 29, 0, 59, 59, 123457, tzinfo=UTC)
_DOCUMENT = {
    "b": [1, 2.5, -1e300, True, None, "ü\u2028\ud83d\ude00", {"": []}],
    "a": 2**60,
    "nul": "\0",
    "half": "\ud800",
}
Dump = dict[str, list[dict[str, Any]]]


async def fill(session: AsyncSession) -> None:
    """Inserts a row of each kind into every table but those of the audit trail, which is kept."""
    made: dict[str, list[dict[str, Any]]] = {}
    for table in Base.metadata.sorted_tables:
        if table.name in UNCHAINED:
            continue
        made[table.name] = [_row(table, number, made) for number in range(len(KINDS))]
        for row in made[table.name]:
            await session.execute(insert(table).values(row))


async def dump(session: AsyncSession) -> Dump:
    """Everything that moves, as Python has it, with what is no value told from the document `null`."""
    found: Dump = {}
    for table in moved_tables():
        flags = [each.is_(null()).label(f"no {each.name}") for each in table.columns if isinstance(each.type, JSON)]
        query = select(*table.columns, *flags).order_by(*table.primary_key)
        found[table.name] = [dict(row) for row in (await session.execute(query)).mappings()]
    return found


def _row(table: Table, number: int, made: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {column.name: _value(table, column, number, made) for column in table.columns}


def _value(table: Table, column: Column[Any], number: int, made: dict[str, list[dict[str, Any]]]) -> Any:
    if number and column.nullable:
        if isinstance(column.type, JSON):
            return null() if KINDS[number] == "without" else JSON.NULL
        return None
    for key in column.foreign_keys:
        if key.column.table is not table:
            return made[key.column.table.name][number][key.column.name]
        return None
    return next(make for kind, make in _VALUES if isinstance(column.type, kind))(column, number)


def _text(column: Column[Any], number: int) -> str:
    text = f"{number}\n'\"\\ü\N{GRINNING FACE}{column.table.name}.{column.name}"
    assert isinstance(column.type, String)
    return text[: column.type.length or 10_000]


_VALUES: tuple[tuple[type[Any], Callable[[Column[Any], int], Any]], ...] = (
    (JSON, lambda _, __: _DOCUMENT),
    (Boolean, lambda _, number: not number),
    (BigInteger, lambda _, number: 2**62 + number),
    (Integer, lambda _, number: 1_000_000 + number),
    (UtcDateTime, lambda _, number: _TIME + timedelta(days=number)),
    (LargeBinary, lambda _, number: bytes(range(256)) * (number + 1)),
    (String, _text),
)
