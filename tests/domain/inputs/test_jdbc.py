"""Rows as items: which column is which input, and what values look like."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from modelyard.adapters.sources.base import QueryFailed
from modelyard.domain.inputs.jdbc import input_columns, row_values, value_bytes


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ("ä", "ä".encode()),
        (b"\x00", b"\x00"),
        (memoryview(b"m"), b"m"),
        (bytearray(b"b"), b"b"),
        (True, b"true"),
        (7, b"7"),
        (Decimal("1.50"), b"1.50"),
        (date(2026, 1, 2), b"2026-01-02"),
        (datetime(2026, 1, 2, 3, 4), b"2026-01-02T03:04:00"),  # noqa: DTZ001 - as databases give it
        ({"a": ["ä", Decimal(1)]}, '{"a": ["ä", "1"]}'.encode()),
        ("\ud800", b"?"),
    ],
)
def test_values_become_bytes(value: object, data: bytes) -> None:
    assert value_bytes(value) == data


def test_columns_are_inputs_whatever_their_case() -> None:
    assert input_columns(["b", "A.TXT"], ["a.txt", "b"]) == {"b": "b", "A.TXT": "a.txt"}
    assert input_columns(["a", "A"], ["a", "A"]) == {"a": "a", "A": "A"}


@pytest.mark.parametrize("columns", [["a"], ["a", "b", "c"], ["a", "x"], ["a", "A"]])
def test_other_columns_are_refused(columns: list[str]) -> None:
    with pytest.raises(QueryFailed, match="the model's inputs are 'a', 'b'"):
        input_columns(columns, ["a", "b"])


def test_nothing_is_left_out_but_null() -> None:
    values = row_values({"a": None, "b": "", "c": 0}, {"a": "a", "b": "b", "c": "c"})

    assert [(value.name, value.data) for value in values] == [("b", b""), ("c", b"0")]
