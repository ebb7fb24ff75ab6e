"""Reads what people type into long forms: rows of fields, sizes, seconds. Fields have the names of their places."""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar

_IN_ROW = re.compile(r"(\w+)\[(\d{1,4})\]\.(\w+)", re.ASCII)
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kKMG]?)B?", re.ASCII)
_UNITS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9}
_LARGEST = 10**15

Row = dict[str, str]
_Number = TypeVar("_Number", int, float)


def rows_of(form: Mapping[str, Sequence[str]], name: str, members: Sequence[str], needed: Sequence[str]) -> list[Row]:
    """The rows of a list, in order, each with all members; those are left out of which nothing needed was typed."""
    rows: dict[int, Row] = {}
    for field, texts in form.items():
        match = _IN_ROW.fullmatch(field)
        if match and match[1] == name and match[3] in members:
            rows.setdefault(int(match[2]), dict.fromkeys(members, ""))[match[3]] = texts[0]
    return [rows[at] for at in sorted(rows) if any(rows[at][member].strip() for member in needed)]


class Reading:
    """Makes numbers out of texts; what is none is noted with its place, so that it is told with all other problems."""

    def __init__(self) -> None:
        self.unread: list[str] = []

    def whole(self, place: str, text: str, stand_in: int = 0) -> int:
        """A whole number."""
        if re.fullmatch(r"-?\d{1,15}", text.strip(), re.ASCII):
            return int(text)
        return self._note(place, "a whole number", text, stand_in)

    def number(self, place: str, text: str) -> float:
        """A number with or without a fraction."""
        try:
            value = float(text.strip().replace(",", "."))
        except ValueError:
            value = math.nan
        return value if math.isfinite(value) else self._note(place, "a number such as 0.93", text, 0.0)

    def size(self, place: str, text: str) -> int:
        """Bytes out of `1500`, `10 MB` or `1.5G`."""
        match = _SIZE.fullmatch(text.strip())
        size = int(Decimal(match[1]) * _UNITS[match[2]]) if match else -1
        return size if 0 <= size <= _LARGEST else self._note(place, "a size such as 1500, 200 kB or 10 MB", text, 1)

    def milliseconds(self, place: str, text: str) -> int:
        """Milliseconds out of seconds."""
        try:
            value = Decimal(text.strip().replace(",", "."))
        except InvalidOperation:
            value = Decimal("NaN")
        if value.is_finite() and 0 <= value <= _LARGEST:
            return int(value * 1000)
        return self._note(place, "seconds such as 60 or 0.5", text, 1000)

    def _note(self, place: str, wanted: str, text: str, stand_in: _Number) -> _Number:
        given = f"{text.strip()[:40]!r}" if text.strip() else "nothing"
        self.unread.append(f"{place}: {wanted}, not {given}")
        return stand_in


def size_text(size: int) -> str:
    """Bytes as `Reading.size` reads them, in the largest unit that makes a whole number of it."""
    for unit in ("G", "M", "k"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]} {unit}B"
    return str(size)


def seconds_text(milliseconds: int | None) -> str:
    """Seconds as `Reading.milliseconds` reads them; empty for none."""
    if milliseconds is None:
        return ""
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}.{rest:03}".rstrip("0") if rest else str(whole)
