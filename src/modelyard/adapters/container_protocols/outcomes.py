"""Makes the outcome of one item from what a program gave back; the same rules for every protocol."""

from collections.abc import Mapping

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.adapters.container_protocols.output_files import OutputData, size_of

MAX_OUTPUTS = 1000
MAX_NAME_CHARACTERS = 255
MAX_TEXT_CHARACTERS = 10_000
"""Messages of programs are cut here: they end in logs, pages and result rows."""


def succeeded(outputs: Mapping[str, OutputData], max_output_bytes: int) -> ItemOutcome:
    """The item's outputs, or an error where there are none or they are too large."""
    if not outputs:
        return failed("The model reported success, but gave no output.")
    if len(outputs) > MAX_OUTPUTS:
        return failed(f"The model gave more than {MAX_OUTPUTS} outputs.")
    if not all(1 <= len(name) <= MAX_NAME_CHARACTERS for name in outputs):
        return failed(f"The model gave an output whose name has not 1 to {MAX_NAME_CHARACTERS} characters.")
    if sum(map(size_of, outputs.values())) > max_output_bytes:
        return too_large(max_output_bytes)
    return ItemOutcome(outputs=outputs)


def failed(error: str) -> ItemOutcome:
    """The item failed; says so even where the program gave no reason."""
    return ItemOutcome(outputs={}, error=shorten(error) or "The model failed without giving a reason.")


def too_large(max_output_bytes: int) -> ItemOutcome:
    """The outputs of this item are larger than allowed."""
    return failed(f"The outputs are larger than the limit of {max_output_bytes} bytes for one item; return less.")


def shorten(text: str) -> str:
    """A text from a program, stripped and cut to a bounded length."""
    text = text.strip()
    return text if len(text) <= MAX_TEXT_CHARACTERS else text[: MAX_TEXT_CHARACTERS - 1] + "…"
