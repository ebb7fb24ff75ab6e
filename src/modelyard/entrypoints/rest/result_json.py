"""Writes results as JSON, piece by piece: neither the number of items nor the size of outputs costs memory."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from modelyard.domain.jobs.result_reader import ItemResult, ResultReader, StoredOutput
from modelyard.domain.jobs.results import FinishedItemKey, JobResults
from modelyard.entrypoints.rest.result_shapes import item_facts, output_value, results_head

JSON_LINES = "application/x-ndjson"


async def results_json(reader: ResultReader, results: JobResults, address: str) -> AsyncIterator[bytes]:
    """All that is there of a job: what succeeded by the names of the items in `results`, the rest in `failures`."""
    yield msgspec.json.encode(results_head(results.job))[:-1] + b',"results":{'
    async for piece in _members(reader, [item for item in results.items if item.is_good], address):
        yield piece
    yield b'},"failures":{'
    async for piece in _members(reader, [item for item in results.items if not item.is_good], address):
        yield piece
    yield b"}}"


async def item_json(reader: ResultReader, results: JobResults, address: str) -> AsyncIterator[bytes]:
    """The one item of these results by itself."""
    async for portion in reader.portions(results.items):
        for result in portion:
            async for piece in _item(reader, result, address):
                yield piece


async def json_lines(reader: ResultReader, results: JobResults, address: str) -> AsyncIterator[bytes]:
    """One line for each item, with its name and its outputs as members of their own."""
    async for portion in reader.portions(results.items):
        lines: list[bytes] = []
        for result in portion:
            facts = {"item": result.name, **item_facts(result)}
            lines.append(msgspec.json.encode(facts)[:-1] + b',"outputs":')
            if _is_at_hand(result.outputs):
                lines += [_outputs(result, address), b"}\n"]
                continue
            yield b"".join(lines)
            lines = [b"}\n"]
            async for piece in _piecewise(reader, result, result.outputs, {}, address):
                yield piece
        yield b"".join(lines)


def _outputs(result: ItemResult, address: str) -> bytes:
    return msgspec.json.encode({output.name: output_value(result, output, address) for output in result.outputs})


async def _members(
    reader: ResultReader, items: Sequence[FinishedItemKey], address: str
) -> AsyncIterator[bytes]:  # fmt: skip
    separator = b""
    async for portion in reader.portions(items):
        written: list[bytes] = []
        for result in portion:
            written += [separator, msgspec.json.encode(result.name), b":"]
            separator = b","
            if _is_at_hand(result.outputs):
                written.append(_whole_item(result, address))
                continue
            yield b"".join(written)
            written = []
            async for piece in _item(reader, result, address):
                yield piece
        yield b"".join(written)


def _is_at_hand(outputs: Sequence[StoredOutput]) -> bool:
    return all(output.data is not None or not output.is_json for output in outputs)


def _whole_item(result: ItemResult, address: str) -> bytes:
    # An output must not pass for a member of the result; one that is named so has an address all the same.
    outputs = {output.name: output_value(result, output, address) for output in result.outputs}
    return msgspec.json.encode(outputs | item_facts(result))


async def _item(reader: ResultReader, result: ItemResult, address: str) -> AsyncIterator[bytes]:
    if _is_at_hand(result.outputs):
        yield _whole_item(result, address)
        return
    facts = item_facts(result)
    outputs = [output for output in result.outputs if output.name not in facts]
    async for piece in _piecewise(reader, result, outputs, facts, address):
        yield piece


async def _piecewise(
    reader: ResultReader, result: ItemResult, outputs: Sequence[StoredOutput], more: dict[str, Any], address: str
) -> AsyncIterator[bytes]:
    """An object of outputs, those from the storage as they come, and of more members."""
    separator = b"{"
    for output in outputs:
        yield separator + msgspec.json.encode(output.name) + b":"
        separator = b","
        if output.is_json:
            async for chunk in reader.content(output):
                yield chunk
        else:
            yield msgspec.json.encode(output_value(result, output, address))
    yield separator + msgspec.json.encode(more)[1:] if more else b"}"
