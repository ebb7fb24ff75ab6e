"""Reads what commands were given as inputs of a job: files, texts, lines of JSON, rows of a table."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from modelyard.client.errors import BadInputs
from modelyard.client.inputs import numbered, unique_names
from modelyard.entrypoints.cli.job_inputs import Given

LONGEST_LINE = 64 * 1024 * 1024


def read_items(given: Given, inputs: Sequence[str]) -> dict[str, Any]:
    """All that was given, by name of the item, for a model with these inputs. Raises BadInputs.

    A file is named after itself, and a directory is an item whose files are its inputs.
    """
    found: list[tuple[str, Any]] = [_file(path) for path in given.files]
    texts = numbered(len(given.texts))
    found += [(f"text{number}" if found else number, text) for number, text in zip(texts, given.texts, strict=True)]
    if given.lines:
        found += _lines(given, given.lines, inputs)
    if given.table:
        found += _rows(given, given.table, inputs)
    names = unique_names([name for name, _ in found])
    return dict(zip(names, (value for _, value in found), strict=True))


def _file(path: Path) -> tuple[str, Any]:
    if str(path) == "-":
        return "stdin", sys.stdin.buffer.read()
    if path.is_dir():
        return path.resolve().name, {one.name: one for one in sorted(path.iterdir()) if one.is_file()}
    return path.name, path


def _lines(given: Given, path: Path, inputs: Sequence[str]) -> Iterator[tuple[str, Any]]:
    with click.open_file(str(path), encoding="utf-8") as file:
        for number, line in enumerate(_bounded(file), start=1):
            if line.strip():
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise BadInputs(f"{path}, line {number}: that is no JSON ({error}).") from None
                yield _line(given, value, inputs, f"{path}, line {number}", f"line{number}")


def _line(given: Given, value: Any, inputs: Sequence[str], where: str, otherwise: str) -> tuple[str, Any]:
    if not isinstance(value, dict):
        return otherwise, value
    name = str(value.get(given.identifier, otherwise))
    wanted = dict(given.columns)
    members = {inner: value[wanted.get(inner, inner)] for inner in inputs if wanted.get(inner, inner) in value}
    if len(members) == len(inputs):
        return name, members
    if len(inputs) == 1:  # the input is JSON, and this is it
        return name, {inputs[0]: value}
    missing = next(inner for inner in inputs if inner not in members)
    raise BadInputs(f"{where}: the input {missing!r} is missing; the model's inputs are {', '.join(inputs)}.")


def _rows(given: Given, path: Path, inputs: Sequence[str]) -> Iterator[tuple[str, Any]]:
    with click.open_file(str(path), encoding="utf-8-sig") as file:
        reader = csv.DictReader(_bounded(file), strict=True)
        try:
            columns = _columns(given, list(reader.fieldnames or ()), inputs, path)
            for number, row in enumerate(reader, start=1):
                if None in row or None in row.values():
                    raise BadInputs(f"{path}, line {reader.line_num}: the row has not as many cells as the header.")
                name = row.get(given.identifier) or f"row{number}"
                yield name, {inner: row[column] for inner, column in columns.items()}
        except csv.Error as error:
            raise BadInputs(f"{path}, line {reader.line_num}: {error}.") from None
        except UnicodeDecodeError:
            raise BadInputs(f"{path} is not in UTF-8.") from None


def _columns(given: Given, header: list[str], inputs: Sequence[str], path: Path) -> Mapping[str, str]:
    wanted = {inner: dict(given.columns).get(inner, inner) for inner in inputs}
    others = [name for name in header if name != given.identifier]
    if len(inputs) == 1 and wanted[inputs[0]] not in header and not given.columns and len(others) == 1:
        return {inputs[0]: others[0]}
    if missing := [column for column in wanted.values() if column not in header]:
        hint = f"Name it with --column {inputs[list(wanted.values()).index(missing[0])]}=NAME."
        raise BadInputs(f"{path} has no column {missing[0]!r}; it has {', '.join(header) or 'none'}. {hint}")
    return wanted


def _bounded(file: Any) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise BadInputs(f"A line is longer than {LONGEST_LINE} characters.")
        yield line
