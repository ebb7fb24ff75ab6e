"""What pages show of the outputs of an item."""

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from modelyard.domain.jobs.item_pages import OutputEntry
from modelyard.entrypoints.answer_words import answer_in_words
from modelyard.entrypoints.rest.result_shapes import output_address
from modelyard.entrypoints.web.explanations import Prediction, predictions_of

JSON = "application/json"
CSV = "text/csv"
VALUES_IN_A_LIST, VALUES_ALONE = 100, 1_000
"""In a tree that is one of many on a page, or the only one."""
DEEPEST = 12
"""Levels of a tree."""
MOST_ROWS, MOST_COLUMNS = 200, 20
"""Of a table that is shown as one."""


_PICTURES = {"image/png", "image/jpeg", "image/webp", "image/gif"}
"""What a browser shows and cannot run."""


def is_picture(media_type: str) -> bool:
    """Whether a browser shows it as a picture."""
    return media_type in _PICTURES


def is_sound(media_type: str) -> bool:
    """Whether a browser plays it."""
    return media_type.startswith("audio/")


def readable_json(value: Any) -> str:
    """A line for each member."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Tree:
    """A document; in a class of its own, as an empty one counts as well."""

    value: Any


@dataclass(frozen=True, slots=True)
class OutputShown:
    """An output: where its bytes are, and its text where that is short."""

    name: str
    media_type: str
    size: int
    address: str
    text: str | None
    tree: Tree | None = None
    """A short JSON document."""
    table: list[list[str]] | None = None
    """Rows of a short text with commas between values; the first one names them."""
    answer: str = ""
    """What a short JSON document says, in few words."""
    predictions: tuple[Prediction, ...] = ()
    """The classes that it names, the highest score first."""

    @property
    def is_picture(self) -> bool:
        """Whether a browser shows it as a picture."""
        return is_picture(self.media_type)

    @property
    def is_sound(self) -> bool:
        """Whether a browser plays it."""
        return is_sound(self.media_type)


def shown_output(
    job_id: str, item_name: str, output: OutputEntry, *, most_values: int = VALUES_IN_A_LIST
) -> OutputShown:
    """An output of an item.

    Args:
        most_values: so many values a document may hold to be shown as a tree.
    """
    address = output_address(item_name, output.name, f"/api/results/{job_id}")
    text = _text_of(output)
    table = _table_of(text) if text is not None and output.media_type == CSV else None
    document = document_of(output)
    tree = Tree(document) if isinstance(document, dict | list) and _is_small(document, most_values) else None
    answer = _answer_of(document)
    predictions = tuple(predictions_of(document))
    return OutputShown(output.name, output.media_type, output.size, address, text, tree, table, answer, predictions)


def _answer_of(document: Any) -> str:
    try:
        return answer_in_words(document) if document is not None else ""
    except RecursionError:
        return ""


def _is_small(document: Any, most_values: int) -> bool:
    """Whether it has no more values, nor more levels, than one likes to look at as a tree."""
    level, left = [document], most_values
    for _ in range(DEEPEST):
        left -= len(level)
        if left < 0:
            return False
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        if not (level := [value for values in inner for value in values]):
            return True
    return False


def document_of(output: OutputEntry) -> Any:
    """What is in a JSON output; None where it is not at hand, or no JSON."""
    if output.data is None or output.media_type != JSON:
        return None
    try:
        return json.loads(output.data)
    except (ValueError, RecursionError):
        return None


def _table_of(text: str) -> list[list[str]] | None:
    """None of what is too much for a table, or none that is even."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error:
        return None
    columns = len(rows[0]) if rows else 0
    is_even = all(len(row) == columns for row in rows)
    return rows if is_even and 1 < len(rows) <= MOST_ROWS and columns <= MOST_COLUMNS else None


def _text_of(output: OutputEntry) -> str | None:
    """JSON with a line for each member, other texts as they are; None of what is long, or no text."""
    is_text = output.media_type.startswith("text/") or output.media_type == JSON
    if output.data is None or not is_text:
        return None
    text = output.data.decode(errors="replace")
    if output.media_type != JSON:
        return text
    try:
        return readable_json(json.loads(text))
    except (ValueError, RecursionError):
        return text
