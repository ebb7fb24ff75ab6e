"""Tables of pandas, which need not be installed: rows become items, and results become rows."""

from collections.abc import Hashable, Mapping
from importlib import import_module
from typing import Any

from modelyard.client.errors import BadInputs, PandasMissing
from modelyard.client.results import OutputFile, Results, has_data


def is_frame(value: object) -> bool:
    """Whether it is a table, told without importing pandas."""
    return any(
        kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "DataFrame" for kind in type(value).__mro__
    )


def items_of_frame(
    frame: Any, columns: Mapping[Hashable, str] | None = None, names: Hashable | None = None
) -> dict[str, dict[str, Any]]:
    """Each row as an item. Raises BadInputs.

    Args:
        columns: which column is which input; without it, columns are named as the inputs are, and all are sent.
        names: the column that names the items; the table's index when it is not given.
    """
    wanted = columns or {column: str(column) for column in frame.columns if column != names}
    for column in (*wanted, *([] if names is None else [names])):
        if column not in frame.columns:
            raise BadInputs(f"The table has no column {column!r}; it has {', '.join(map(repr, frame.columns))}.")
    found = [str(name) for name in (frame.index if names is None else frame[names])]
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise BadInputs(f"Two rows are called {twice!r}; name a column whose values differ, or reset the index.")
    values = {inner: frame[column].tolist() for column, inner in wanted.items()}
    return {name: {inner: _plain(column[row]) for inner, column in values.items()} for row, name in enumerate(found)}


def frame_of_results(results: Results) -> Any:
    """A table with a row for each item."""
    pandas = _pandas()
    rows = {}
    for name, item in results.items():
        row: dict[str, Any] = {
            "status": "SUCCESSFUL" if item.is_successful else "FAILED",
            "error": item.error or None,
            "error_side": item.error_side or None,
            "latency_ms": item.latency_ms,
        }
        for output_name, output in item.outputs.items():
            head = output_name if len(item.outputs) > 1 else ""
            _spread(row, head, output["data"]["result"] if has_data(output) else output, output_name)
        rows[name] = row
    frame = pandas.DataFrame(list(rows.values()), index=pandas.Index(list(rows), name="item", dtype=object))
    return frame if rows else pandas.DataFrame(columns=["status", "error", "error_side", "latency_ms"])


def _spread(row: dict[str, Any], head: str, value: Any, otherwise: str) -> None:
    """Members of objects become columns; predictions of classes become the best class and its score."""
    match value:
        case {"classPredictions": [{"class": best, "score": score}, *_]}:
            row[_joined(head, "class")] = best
            row[_joined(head, "score")] = score
        case {**members} if members:
            for name, member in members.items():
                _spread(row, _joined(head, str(name)), member, otherwise)
        case OutputFile():
            row[head or otherwise] = value.name
        case _:
            row[head or otherwise] = value


def _joined(head: str, name: str) -> str:
    return f"{head}.{name}" if head else name


def _plain(value: Any) -> Any:
    """A value of numpy as Python has it."""
    item = getattr(value, "item", None)
    return item() if callable(item) and not isinstance(value, str | bytes) else value


def _pandas() -> Any:
    try:
        return import_module("pandas")
    except ImportError:
        raise PandasMissing from None
