"""Finds out the items of folders and of queries, one after the other."""

import asyncio
import contextlib
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from modelyard.adapters.sources.base import (
    DatabaseAccess,
    FoundObject,
    ObjectAccess,
    Objects,
    SourceNotReachable,
    Sources,
)
from modelyard.core.errors import TooLarge
from modelyard.domain.inputs.items import LONGEST_NAME, InputValue, SubmittedItem, check_item
from modelyard.domain.inputs.jdbc import input_columns, row_values
from modelyard.domain.inputs.schema_check import SchemaCheck
from modelyard.domain.inputs.sealed_source import Folder
from modelyard.domain.models.contract import DeclaredInput

ROW = "row"
SECONDS_WITHOUT_ANY = 150
"""What a source may take for the next row or object; databases are told to give up earlier by themselves."""

_BEGINNING = LONGEST_NAME - 10
"""What is left of a long name that gets a number."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the items have to be like."""

    declared: tuple[DeclaredInput, ...]
    schema: SchemaCheck | None


async def find_rows(sources: Sources, access: DatabaseAccess, wanted: Wanted) -> AsyncGenerator[SubmittedItem]:
    """The rows of a query as items row1, row2, … Raises what `Sources.rows` does, and QueryFailed."""
    names: dict[str, str] = {}
    number = 0
    async with contextlib.aclosing(sources.rows(access)) as rows:
        while (row := await _next(rows)) is not None:
            number += 1
            names = names or input_columns(list(row), [entry.name for entry in wanted.declared])
            yield await _checked(f"{ROW}{number}", row_values(row, names), wanted)


async def _next(found: AsyncIterator[_T]) -> _T | None:
    """The next one; None after the last. Raises SourceNotReachable where the source is silent."""
    try:
        async with asyncio.timeout(SECONDS_WITHOUT_ANY):
            return await anext(found, None)
    except TimeoutError:
        raise SourceNotReachable(f"the source gave nothing for {SECONDS_WITHOUT_ANY} seconds") from None


async def _checked(name: str, values: list[InputValue], wanted: Wanted) -> SubmittedItem:
    item = check_item(name, values, wanted.declared)
    if item.error or wanted.schema is None:
        return item
    problem = await asyncio.to_thread(wanted.schema.problem_of, item.values, wanted.declared)
    return SubmittedItem(name, error=problem, size=item.size) if problem else item


async def find_in_folders(
    sources: Sources, access: ObjectAccess, folders: Sequence[Folder], wanted: Wanted, *, most_items: int
) -> AsyncGenerator[SubmittedItem]:
    """The objects below folders as items, named after their keys below the folder.

    Of several folders the names begin with that of the folder; a name that another item has already gets a number.
    Where an item has several inputs, each has a folder of its own, and what has the same name in all of them belongs
    together.
    """
    names = _Names()
    async with sources.objects(access) as objects:
        for folder in folders:
            prefix = f"{folder.name}/" if len(folders) > 1 else ""
            found = await _names_in(objects, folder.places, most_items)
            for name, inputs in found.items():
                yield _item(names.free(f"{prefix}{name}"), inputs, folder.places, wanted)


class TooManyObjects(TooLarge):
    """A folder has more objects than a job may have items."""

    def __init__(self, most: int) -> None:
        super().__init__(f"A job may have {most} items; this folder has more. Split it.")


class _Names:
    """Names of items, each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._numbers: Counter[str] = Counter()
        """By the beginning of names, so that a free one is found at once, however many meet."""

    def free(self, wanted: str) -> str:
        """The name, or where it is taken the first of name~2, name~3, … that is free."""
        name, beginning = wanted[:LONGEST_NAME], wanted[:_BEGINNING]
        while name in self._given:
            self._numbers[beginning] += 1
            name = f"{beginning}~{self._numbers[beginning] + 1}"
        self._given.add(name)
        return name


async def _names_in(
    objects: Objects, places: Mapping[str, Mapping[str, str]], most_items: int
) -> dict[str, dict[str, FoundObject]]:
    found: dict[str, dict[str, FoundObject]] = {}
    for input_name, place in places.items():
        folder = place["key"].strip("/")
        entries = objects.list(place["container"], folder)
        sizes: dict[str, int] = {}
        while (entry := await _next(entries)) is not None:
            sizes[entry.key] = entry.size
            if len(sizes) > 2 * most_items:
                raise TooManyObjects(most_items)
        for key in without_folders(sizes, folder):
            name = key.removeprefix(f"{folder}/") if folder else key
            found.setdefault(name, {})[input_name] = FoundObject(key, sizes[key])
        if len(found) > most_items:
            raise TooManyObjects(most_items)
    return found


def without_folders(sizes: Mapping[str, int], folder: str) -> list[str]:
    """The keys of a folder without those of the empty objects that stores and their pages show as folders.

    Such a key ends with a slash, which clients of stores take off: then it is known by what is below it.
    """
    keys = sorted(sizes)

    def is_folder(key: str) -> bool:
        below = bisect_left(keys, f"{key}/")
        has_some_below = below < len(keys) and keys[below].startswith(f"{key}/")
        return key.endswith("/") or (not sizes[key] and (key == folder or has_some_below))

    return [key for key in sizes if not is_folder(key)]


def _item(
    name: str, inputs: Mapping[str, FoundObject], places: Mapping[str, Mapping[str, str]], wanted: Wanted
) -> SubmittedItem:
    values = [
        InputValue(input_name, "", b"", {"container": places[input_name]["container"], "key": entry.key})
        for input_name, entry in inputs.items()
    ]
    size = sum(entry.size for entry in inputs.values())
    error = check_item(name, values, wanted.declared).error
    for entry in wanted.declared:
        if not error and inputs[entry.name].size > entry.maximum_size:
            size_text = f"{inputs[entry.name].size} bytes; at most {entry.maximum_size} are allowed"
            error = f"the input {entry.name!r} has {size_text}"
    return SubmittedItem(name, error=error, size=size) if error else SubmittedItem(name, tuple(values), None, size)
