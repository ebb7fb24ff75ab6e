"""Writes results as a table: one row for each item, one column for each member of what the model returned."""

import csv
import io
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from modelyard.core.harmless import harmless_cell
from modelyard.domain.jobs.flattening import WHOLE, Cell, cells_of
from modelyard.domain.jobs.result_reader import BYTES_AT_ONCE, ItemResult, ResultReader, StoredOutput
from modelyard.domain.jobs.results import JobResults
from modelyard.entrypoints.rest.result_shapes import item_facts, output_address

MOST_COLUMNS = 500
"""Of outputs; what does not fit is in the column `more`, as JSON."""
LARGEST_OUTPUT = 1_048_576
"""Bytes; of a larger one the table has the address."""
_FIXED = (
    "item",
    "status",
    "error",
    "errorSide",
    "engine",
    "queueTime",
    "inputFetching",
    "modelLatency",
    "startTime",
    "endTime",
)
_MORE = "more"
_UNPREFIXED = "results.json"
_Column = tuple[str, str]
"""The name of the output, and that of the cell."""


async def csv_lines(reader: ResultReader, results: JobResults, address: str) -> AsyncIterator[bytes]:
    """The table in pieces. All results are read twice, since the first line names all columns."""
    columns: dict[_Column, None] = {}
    has_more = False
    async for portion in reader.portions(results.items):
        for result in portion:
            for column in await _cells(reader, result, address):
                if len(columns) < MOST_COLUMNS:
                    columns.setdefault(column)
                has_more = has_more or column not in columns
    yield _encode([*_FIXED, *_column_names(columns), *([_MORE] if has_more else [])])
    async for portion in reader.portions(results.items):
        lines = bytearray()
        for result in portion:
            lines += _encode(await _row(reader, result, address, columns, has_more=has_more))
            if len(lines) >= BYTES_AT_ONCE:  # what is in the storage does not count for the size of a portion
                yield bytes(lines)
                lines.clear()
        if lines:
            yield bytes(lines)


async def _row(
    reader: ResultReader, result: ItemResult, address: str, columns: Mapping[_Column, None], *, has_more: bool
) -> list[Cell]:
    cells = await _cells(reader, result, address)
    facts = {"item": result.name, **item_facts(result)}
    row = [*(facts.get(name) for name in _FIXED), *(cells.pop(column, None) for column in columns)]
    if has_more:
        rest = {_name_of(column): cell for column, cell in cells.items()}
        row.append(msgspec.json.encode(rest).decode() if rest else None)
    return row


async def _cells(reader: ResultReader, result: ItemResult, address: str) -> dict[_Column, Cell]:
    cells: dict[_Column, Cell] = {}
    for output in result.outputs:
        for name, cell in (await _read_cells(reader, result, output, address)).items():
            cells[output.name, name] = cell
    return cells


async def _read_cells(
    reader: ResultReader, result: ItemResult, output: StoredOutput, address: str
) -> dict[str, Cell]:  # fmt: skip
    if not output.is_json or output.size > LARGEST_OUTPUT:
        return {WHOLE: output_address(result.name, output.name, address)}
    data = b"".join([chunk async for chunk in reader.content(output)])
    return cells_of(_decoded(data))


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):  # numbers and depths that were stored, but cannot be read
        return data.decode(errors="replace")


def _name_of(column: _Column) -> str:
    output, cell = column
    if cell == WHOLE:
        return output
    return cell if output == _UNPREFIXED else f"{output}.{cell}"


def _column_names(columns: Mapping[_Column, None]) -> list[str]:
    """A name of its own for each column; with that of its output where it would be one of others."""
    taken = {*_FIXED, _MORE}
    names = []
    for column in columns:
        name = _name_of(column)
        if name in taken:
            name = ".".join(column)
        while name in taken:
            name += "~"
        taken.add(name)
        names.append(name)
    return names


def _encode(row: list[Cell]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in row])
    return text.getvalue().encode(errors="replace")


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return str(cell).lower()
    return harmless_cell(cell) if isinstance(cell, str) else cell
