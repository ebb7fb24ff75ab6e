"""Values of columns as JSON and back, the same from and to every database."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Integer, LargeBinary, Numeric, String, Table

from modelyard.core.database import UtcDateTime
from modelyard.core.nul import NUL

_LARGEST = 2**63


class ValueUnfit(Exception):
    """A value that a column cannot have; says why."""


@dataclass(frozen=True, slots=True)
class _Codec:
    """How the values of one kind of column are written and read."""

    dump: Callable[[Any], Any]
    load: Callable[[Any], Any]


def dump_row(table: Table, row: Mapping[str, Any], null_documents: frozenset[str]) -> dict[str, Any]:
    """A row as JSON.

    Args:
        null_documents: columns of JSON documents that have no value; they are left out. To a database, no value and
            the document `null` are two things.
    """
    return {
        column.name: None if row[column.name] is None else codec_of(column).dump(row[column.name])
        for column in table.columns
        if column.name not in null_documents
    }


def load_row(table: Table, written: Any) -> dict[str, Any]:
    """A row as `insert` takes it, where every JSON column says `none_as_null`. Raises ValueUnfit."""
    if not isinstance(written, dict):
        raise ValueUnfit("it is no object")
    if unknown := written.keys() - table.columns.keys():
        raise ValueUnfit(f"there is no column {min(unknown)[:100]!r}")
    return {column.name: _load(column, written) for column in table.columns}


def codec_of(column: Column[Any]) -> _Codec:
    """How this column is written and read; every column of ours has a way."""
    return next(codec for kinds, codec in _CODECS if isinstance(column.type, kinds))


def _load(column: Column[Any], written: Mapping[str, Any]) -> Any:
    is_document = isinstance(column.type, JSON)
    if column.name not in written:
        if is_document and column.nullable:
            return None
        raise ValueUnfit(f"{column.name} is missing")
    value = written[column.name]
    if value is None:
        if is_document:
            return JSON.NULL
        if column.nullable:
            return None
        raise ValueUnfit(f"{column.name} is empty")
    try:
        return codec_of(column).load(value)
    except (TypeError, ValueError, InvalidOperation, OverflowError):
        raise ValueUnfit(f"{column.name} has a value that such a column cannot have") from None


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or NUL in value:
        raise TypeError
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not -_LARGEST <= value < _LARGEST:
        raise TypeError
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _time(value: Any) -> datetime:
    read = datetime.fromisoformat(_text(value))
    if read.tzinfo is None:
        raise ValueError
    return read.astimezone(UTC)


def _real(value: Any) -> float:
    if type(value) not in {int, float}:
        raise TypeError
    return float(value)


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error:
        raise ValueError from None


_CODECS: tuple[tuple[tuple[type[Any], ...], _Codec], ...] = (
    ((JSON,), _Codec(_same, _same)),
    ((Boolean,), _Codec(bool, _truth)),
    ((UtcDateTime, DateTime), _Codec(datetime.isoformat, _time)),
    ((LargeBinary,), _Codec(lambda data: base64.b64encode(data).decode(), _bytes)),
    ((Integer,), _Codec(int, _number)),
    ((Float,), _Codec(float, _real)),
    ((Numeric,), _Codec(str, lambda text: Decimal(_text(text)))),
    ((String,), _Codec(_same, _text)),
)
"""The first that fits."""
