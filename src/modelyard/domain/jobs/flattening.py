"""Makes cells of a table out of what a model returned as JSON."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

MOST_OBJECTS = 50
"""Of a list; a longer one stays in one cell."""
WHOLE = ""
"""The name of the one cell that a value without members makes."""
Cell: TypeAlias = str | int | float | bool | None


def cells_of(value: Any) -> dict[str, Cell]:
    """The cells of one output by their names.

    An object gives one for each member. A list of objects does so for each of them, from the second on with its number:
    `class`, `score`, `class.2`, `score.2`. Of the form that model containers write, `data.result` alone counts, and of
    a classification its predictions. What is nested deeper stays JSON in its cell.
    """
    value = _result_of(value)
    if isinstance(value, Mapping) and (predictions := _objects(value.get("classPredictions"))):
        rest = {name: member for name, member in value.items() if name != "classPredictions"}
        return _numbered(predictions) | _members(rest)
    if isinstance(value, Mapping):
        return _members(value)
    if objects := _objects(value):
        return _numbered(objects)
    return {WHOLE: _cell(value)}


def _result_of(value: Any) -> Any:
    data = value.get("data") if isinstance(value, Mapping) else None
    return data["result"] if isinstance(data, Mapping) and "result" in data else value


def _objects(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, list) and len(value) <= MOST_OBJECTS and all(isinstance(each, Mapping) for each in value):
        return value
    return []


def _numbered(objects: list[Mapping[str, Any]]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for number, each in enumerate(objects, 1):
        for name, cell in _members(each).items():
            cells.setdefault(name if number == 1 else f"{name}.{number}", cell)
    return cells


def _members(value: Mapping[str, Any]) -> dict[str, Cell]:
    return {name: _cell(member) for name, member in value.items()}


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, str | int | float):
        return value
    return msgspec.json.encode(value).decode()
