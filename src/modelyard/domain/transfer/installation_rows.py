"""Reads and writes rows of whole tables with flat memory."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from sqlalchemy import JSON, Insert, Table, column, exists, func, insert, literal, null, select, tuple_
from sqlalchemy import table as plain_table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import InvalidInput
from modelyard.core.numbering import continue_numbers
from modelyard.domain.audit.tables import AuditChain
from modelyard.domain.jobs.tables import Job
from modelyard.domain.models.tables import Version
from modelyard.domain.transfer.installation_errors import DatabaseNotEmpty, FileDamaged, RowRefused
from modelyard.domain.transfer.installation_file import lines_of
from modelyard.domain.transfer.installation_tables import Row, at_rest, moved_rows, moved_tables
from modelyard.domain.transfer.installation_values import ValueUnfit, dump_row, load_row

LONGEST_LINE = 128 * 1024 * 1024
ROWS_AT_ONCE = 500
BYTES_AT_ONCE = 4 * 1024 * 1024
_NULL = "is null: "


async def count_rows(session: AsyncSession) -> dict[str, int]:
    """How many rows of each table move."""
    return {
        table.name: await session.scalar(select(func.count()).select_from(table).where(moved_rows(table))) or 0
        for table in moved_tables()
    }


async def written_rows(session: AsyncSession, table: Table) -> AsyncIterator[bytes]:
    """Each row that moves as one line of JSON, in the order of their keys. Raises FileDamaged for one that is too long.

    Pages by keys: drivers keep all rows of an answer.
    """
    documents = [each for each in table.columns if isinstance(each.type, JSON)]
    keys = list(table.primary_key)
    query = select(*table.columns, *(each.is_(null()).label(_NULL + each.name) for each in documents))
    query = query.where(moved_rows(table)).order_by(*keys).limit(ROWS_AT_ONCE)
    page = (await session.execute(query)).mappings().all()
    while page:
        for row in page:
            nulls = frozenset(each.name for each in documents if row[_NULL + each.name])
            yield _line(table, dump_row(table, at_rest(table, dict(row)), nulls))
        last = tuple_(*(literal(page[-1][key.name], key.type) for key in keys))
        page = (await session.execute(query.where(tuple_(*keys) > last))).mappings().all()


def read_rows(table: Table, chunks: Iterator[bytes], expected: int) -> Iterator[list[Row]]:
    """Rows as `insert_rows` takes them, in bounded portions. Raises FileDamaged, RowRefused."""
    rows: list[Row] = []
    size = number = 0
    for number, line in enumerate(lines_of(chunks, LONGEST_LINE), 1):
        if number > expected:
            break
        rows.append(_read(table, line, number))
        size += len(line)
        if len(rows) == ROWS_AT_ONCE or size > BYTES_AT_ONCE:
            yield rows
            rows, size = [], 0
    if number != expected:
        raise FileDamaged(f"The file does not have {expected} rows of the table {table.name}, as its manifest says.")
    if rows:
        yield rows


async def insert_rows(session: AsyncSession, table: Table, rows: list[Row], first: int) -> None:
    """Inserts rows, of which the first has this number in the file. Raises RowRefused."""
    try:
        await session.execute(_insert_into(table), rows)
    except DBAPIError as error:
        reason = f"it, or one of the {len(rows) - 1} behind it, is refused by the database ({error.orig})"
        raise RowRefused(table.name, first, reason) from None
    except (InvalidInput, OverflowError, UnicodeEncodeError) as error:
        reason = f"it, or one of the {len(rows) - 1} behind it, does not fit: {error}"
        raise RowRefused(table.name, first, reason.rstrip(".")) from None


async def give_new_numbers(session: AsyncSession) -> None:
    """Lets new rows have numbers that no moved row has. Jobs remember those of versions that are gone."""
    remembered = {Version.__tablename__: await session.scalar(select(func.max(Job.version_id))) or 0}
    for table in moved_tables():
        if (numbered := table.autoincrement_column) is not None:
            await continue_numbers(session, table, numbered, remembered.get(table.name, 0))


async def require_empty(session: AsyncSession) -> None:
    """Raises DatabaseNotEmpty, unless there is no more than what a new schema has."""
    for table in [table for table in moved_tables() if table.name != AuditChain.__tablename__]:
        if await session.scalar(select(exists().select_from(table))):
            raise DatabaseNotEmpty(table.name)


def _line(table: Table, row: Row) -> bytes:
    line = json.dumps(row, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    if len(line) > LONGEST_LINE:
        raise FileDamaged(f"A row of the table {table.name} has {len(line)} bytes, more than can be imported.")
    return line


def _read(table: Table, line: bytes, number: int) -> Row:
    try:
        return load_row(table, json.loads(line, parse_constant=_refuse))
    except (ValueError, RecursionError):
        raise RowRefused(table.name, number, "it is not JSON") from None
    except ValueUnfit as error:
        raise RowRefused(table.name, number, str(error)) from None


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _insert_into(table: Table) -> Insert:
    """Without the defaults of our columns; with them, a document could not be left without a value."""
    columns = (
        column(each.name, JSON(none_as_null=True) if isinstance(each.type, JSON) else each.type)
        for each in table.columns
    )
    return insert(plain_table(table.name, *columns))
