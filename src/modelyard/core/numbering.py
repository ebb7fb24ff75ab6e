"""The numbers that databases give new rows, after rows with numbers of their own were inserted."""

from sqlalchemy import Column, Table, text
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.dialects import is_sqlite

_SEQUENCE = (  # a column without a sequence is left alone
    "SELECT setval(pg_get_serial_sequence(:table, :column), "
    "greatest(coalesce(max({column}), 0), CAST(:last AS bigint)) + 1, false) FROM {table}"
)
_FORGET = text("DELETE FROM sqlite_sequence WHERE name = :table")
_COUNTER = "INSERT INTO sqlite_sequence (name, seq) SELECT :table, max(coalesce(max({column}), 0), :last) FROM {table}"


async def continue_numbers(session: AsyncSession, table: Table, column: Column[int], last: int = 0) -> None:
    """Makes the numbers of new rows begin behind all that there are, and behind `last`.

    SQLite does the first by itself, and can do the second only where a number is never given twice.
    """
    values = {"table": table.name, "column": column.name, "last": last}
    if not is_sqlite(session):
        await session.execute(text(_SEQUENCE.format(table=table.name, column=column.name)), values)
    elif table.dialect_options["sqlite"]["autoincrement"]:
        await session.execute(_FORGET, values)
        await session.execute(text(_COUNTER.format(table=table.name, column=column.name)), values)
