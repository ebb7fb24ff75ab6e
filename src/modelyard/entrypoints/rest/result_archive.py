"""Writes all outputs of a job as one zip archive: a folder for each item, and a list of what is in them."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import msgspec

from modelyard.core.file_names import UniqueNames
from modelyard.core.zip_stream import ZipEntry, zip_stream
from modelyard.domain.jobs.result_reader import ItemResult, ResultReader
from modelyard.domain.jobs.results import JobResults
from modelyard.entrypoints.rest.result_shapes import item_facts, results_head

ZIP = "application/zip"
MANIFEST = "manifest.json"
_SIZE_OF_FACTS = 4_096
"""Bytes that an item has in the list, at most and about."""
_WORTH_PACKING = re.compile(r"text/.*|.*[/+](json|xml|x-ndjson|csv|yaml)|image/bmp|audio/(x-)?wav")
"""Media types of what becomes much smaller; the others, sounds and pictures above all, mostly are packed already."""

_Paths = Callable[[ItemResult], dict[str, str]]


def outputs_archive(reader: ResultReader, results: JobResults, now: datetime) -> AsyncIterator[bytes]:
    """The archive in pieces. Its list, `manifest.json`, comes first and says which file is what."""
    return zip_stream(_entries(reader, results, now))


async def _entries(reader: ResultReader, results: JobResults, now: datetime) -> AsyncIterator[ZipEntry]:
    yield ZipEntry(MANIFEST, _SIZE_OF_FACTS * len(results.items), now, _manifest(reader, results))
    paths = _path_giver()
    async for portion in reader.portions(results.items):
        for result in portion:
            files = paths(result)
            for output in result.outputs:
                yield ZipEntry(
                    files[output.name],
                    output.size,
                    result.finished_at or now,
                    reader.content(output),
                    is_compressed=_WORTH_PACKING.match(output.media_type) is not None,
                )


async def _manifest(reader: ResultReader, results: JobResults) -> AsyncIterator[bytes]:
    job = results.job
    model = {"identifier": job.model_id, "version": job.version, "name": job.model_name}
    yield msgspec.json.encode({**results_head(job), "status": job.status, "model": model})[:-1] + b',"items":['
    paths = _path_giver()
    separator = b""
    async for portion in reader.portions(results.items, with_data=False):
        listed = [_listed(result, paths(result)) for result in portion]
        yield separator + b",\n".join(msgspec.json.encode(entry) for entry in listed)
        separator = b",\n"
    yield b"]}"


def _listed(result: ItemResult, files: dict[str, str]) -> dict[str, Any]:
    outputs = [
        {"name": output.name, "file": files[output.name], "mediaType": output.media_type, "size": output.size}
        for output in result.outputs
    ]
    return {"item": result.name, **item_facts(result), "outputs": outputs}


def _path_giver() -> _Paths:
    """Says where the outputs of an item are; asked for the items in the same order, it says the same again."""
    folders = UniqueNames(MANIFEST)

    def give(result: ItemResult) -> dict[str, str]:
        if not result.outputs:
            return {}
        folder, names = folders.take(result.name), UniqueNames()
        return {output.name: f"{folder}/{names.take(output.name)}" for output in result.outputs}

    return give
