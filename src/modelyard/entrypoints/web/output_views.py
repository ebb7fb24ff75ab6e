"""What pages show of the outputs of an item."""

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from modelyard.domain.jobs.item_pages import OutputEntry
from modelyard.entrypoints.rest.result_shapes import output_address

JSON = "application/json"
CSV = "text/csv"
MOST_ROWS, MOST_COLUMNS = 200, 20
"""Of a table that is shown as one."""


@dataclass(frozen=True, slots=True)
class OutputShown:
    """An output: where its bytes are, and its text where that is short."""

    name: str
    media_type: str
    size: int
    address: str
    text: str | None
    table: list[list[str]] | None = None
    """Rows of a short text with commas between values; the first one names them."""

    @property
    def is_picture(self) -> bool:
        """Whether a browser shows it as a picture."""
        return self.media_type in {"image/png", "image/jpeg", "image/webp", "image/gif"}

    @property
    def is_sound(self) -> bool:
        """Whether a browser plays it."""
        return self.media_type.startswith("audio/")


def shown_output(job_id: str, item_name: str, output: OutputEntry) -> OutputShown:
    """An output of an item."""
    address = output_address(item_name, output.name, f"/api/results/{job_id}")
    text = _text_of(output)
    table = _table_of(text) if text is not None and output.media_type == CSV else None
    return OutputShown(output.name, output.media_type, output.size, address, text, table)


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
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
