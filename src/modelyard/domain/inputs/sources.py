"""Reads the `input` of a submission into items; one registry holds the kinds of source."""

from collections.abc import Callable, Mapping
from typing import Any

from modelyard.core.errors import TooLarge
from modelyard.core.nul import NUL
from modelyard.domain.inputs import embedded, text
from modelyard.domain.inputs.items import LONGEST_NAME, InputValue, SourcesRejected, SubmittedItem, check_item
from modelyard.domain.inputs.schema_check import SchemaCheck
from modelyard.domain.models.contract import DeclaredInput

SOURCES: dict[str, Callable[[str, Any], InputValue]] = {
    "text": text.read_value,
    "embedded": embedded.read_value,
}
MOST_INPUTS = 200
"""Named inputs of one item."""


def read_items(
    kind: str,
    sources: Any,
    declared: tuple[DeclaredInput, ...],
    *,
    most_items: int,
    schema: SchemaCheck | None = None,
) -> list[SubmittedItem]:
    """All items of a submission, in their order, each checked by itself.

    Raises SourcesRejected when nothing of it can be read, or every item is wrong; TooLarge for too many items, or for
    too much to compare with the schema.
    """
    read = SOURCES.get(kind)
    if read is None:
        raise SourcesRejected(f"The input type {kind[:40]!r} is unknown; known types: {', '.join(SOURCES)}.")
    if not isinstance(sources, Mapping) or not sources:
        raise SourcesRejected(
            'input.sources must be an object with at least one item: {"<item>": {"<input name>": <value>}}.'
        )
    if len(sources) > most_items:
        raise TooLarge(f"A job may have {most_items} items; this one has {len(sources)}. Split it.")
    items = [_read_item(read, name, values, declared, schema) for name, values in sources.items()]
    if all(item.error for item in items):
        raise SourcesRejected(_all_wrong(items))
    return items


def _read_item(
    read: Callable[[str, Any], InputValue],
    name: str,
    values: Any,
    declared: tuple[DeclaredInput, ...],
    schema: SchemaCheck | None,
) -> SubmittedItem:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise SourcesRejected(f"An item's name has 1 to {LONGEST_NAME} characters.")
    if NUL in name:
        raise SourcesRejected(f"The name of the item {name[:60]!r} has the character NUL, which cannot be stored.")
    if not isinstance(values, Mapping):
        return SubmittedItem(name, error="the item must be an object of inputs by name")
    if len(values) > MOST_INPUTS:
        return SubmittedItem(name, error=f"an item has at most {MOST_INPUTS} inputs")
    try:
        item = check_item(name, [read(key, value) for key, value in values.items()], declared)
    except ValueError as error:
        return SubmittedItem(name, error=str(error))
    if schema and not item.error and (problem := schema.problem_of(item.values, declared)):
        return SubmittedItem(name, error=problem, size=item.size)
    return item


def _all_wrong(items: list[SubmittedItem]) -> str:
    shown = "; ".join(f"{item.name[:60]}: {item.error}" for item in items[:3])
    more = f" (and {len(items) - 3} more)" if len(items) > 3 else ""
    return f"No item of the job can be run: {shown}{more}."
