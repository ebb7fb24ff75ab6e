"""Reads the `input` of a submission into items; one registry holds the kinds of source."""

from collections.abc import Callable, Mapping
from typing import Any

from modelyard.core.errors import TooLarge
from modelyard.core.nul import NUL
from modelyard.domain.inputs import azure, embedded, jdbc, s3, s3_folder, storage_grid, text
from modelyard.domain.inputs.items import (
    LONGEST_NAME,
    LONGEST_NAMES,
    InputValue,
    NamesTooLong,
    SourcesRejected,
    SubmittedItem,
    check_item,
)
from modelyard.domain.inputs.kind import Access, SourceKind
from modelyard.domain.inputs.members import Members
from modelyard.domain.inputs.schema_check import SchemaCheck
from modelyard.domain.models.contract import DeclaredInput

SOURCES: dict[str, SourceKind] = {
    "text": text.KIND,
    "embedded": embedded.KIND,
    "aws-s3": s3.KIND,
    "aws-s3-folder": s3_folder.KIND,
    "storage-grid": storage_grid.KIND,
    "azureblob": azure.KIND,
    "jdbc": jdbc.KIND,
}
MOST_INPUTS = 200
"""Named inputs of one item."""


class NoItemCanRun(SourcesRejected):
    """Each item of a submission is wrong by itself.

    Args:
        items: with their errors; that of the first one stays at hand as `error`.
    """

    def __init__(self, items: list[SubmittedItem]) -> None:
        super().__init__(_all_wrong(items))
        self.error = items[0].error or ""


def source_kind(name: str) -> SourceKind:
    """What the registry knows under a name. Raises SourcesRejected."""
    if name not in SOURCES:
        raise SourcesRejected(f"The input type {name[:40]!r} is unknown; known types: {', '.join(SOURCES)}.")
    return SOURCES[name]


def read_access(kind: SourceKind, given: Mapping[str, Any]) -> Access | None:
    """How to reach the inputs; None when they come with the submission. Raises SourcesRejected with all problems."""
    if kind.read_access is None:
        return None
    members = Members(given)
    access = kind.read_access(members)
    members.require_good()
    return access


def read_items(
    kind: str,
    sources: Any,
    declared: tuple[DeclaredInput, ...],
    *,
    most_items: int,
    schema: SchemaCheck | None = None,
) -> list[SubmittedItem]:
    """All items of a submission, in their order, each checked by itself.

    Raises SourcesRejected when nothing of it can be read, NoItemCanRun when every item is wrong; TooLarge for too many
    items, too long names, or too much to compare with the schema.
    """
    read = source_kind(kind).read_value
    if read is None:
        if sources:
            raise SourcesRejected(f"Inputs of type {kind} have no sources; leave input.sources out.")
        return []
    if not isinstance(sources, Mapping) or not sources:
        raise SourcesRejected(
            'input.sources must be an object with at least one item: {"<item>": {"<input name>": <value>}}.'
        )
    if len(sources) > most_items:
        raise TooLarge(f"A job may have {most_items} items; this one has {len(sources)}. Split it.")
    if sum(map(len, sources)) > LONGEST_NAMES:
        raise NamesTooLong
    items = [_read_item(read, name, values, declared, schema) for name, values in sources.items()]
    if all(item.error for item in items):
        raise NoItemCanRun(items)
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
    is_here = all(value.location is None for value in item.values)
    if schema and is_here and not item.error and (problem := schema.problem_of(item.values, declared)):
        return SubmittedItem(name, error=problem, size=item.size)
    return item


def _all_wrong(items: list[SubmittedItem]) -> str:
    shown = "; ".join(f"{item.name[:60]}: {item.error}" for item in items[:3])
    more = f" (and {len(items) - 3} more)" if len(items) > 3 else ""
    return f"No item of the job can be run: {shown}{more}."
