"""What pages show of the outputs of an item."""

import json
from dataclasses import dataclass
from typing import Any

from modelyard.domain.jobs.item_pages import OutputEntry
from modelyard.entrypoints.rest.result_shapes import output_address

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class OutputShown:
    """An output: where its bytes are, and its text where that is short."""

    name: str
    media_type: str
    size: int
    address: str
    text: str | None

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
    return OutputShown(output.name, output.media_type, output.size, address, _text_of(output))


def document_of(output: OutputEntry) -> Any:
    """What is in a JSON output; None where it is not at hand, or no JSON."""
    if output.data is None or output.media_type != JSON:
        return None
    try:
        return json.loads(output.data)
    except (ValueError, RecursionError):
        return None


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
