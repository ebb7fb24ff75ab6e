"""Keeps what came out of run tests: JSON in the test itself, other outputs as files, so that they can be looked at."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.container_protocols.output_files import LargeOutput, OutputData, read_whole
from modelyard.adapters.storage.base import Storage
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.ids import new_uuid
from modelyard.domain.inference.outputs import JSON, OutputFile
from modelyard.domain.inference.request import Answer, forget_answers
from modelyard.domain.models.loose_files import announced, claim_files, release_files
from modelyard.domain.version_tests.tables import TestKind, VersionTest

LARGEST_SHOWN_OUTPUT = 1_000_000
LARGEST_KEPT_OUTPUT = 100_000_000
"""Bytes. Of larger ones the test keeps type and size."""
FILES = "output_files"
"""A member of the test's measurements, which no model writes: which of its outputs are files, and where."""


@dataclass(frozen=True, slots=True)
class KeptOutputs:
    """What a test keeps.

    Args:
        shown: JSON outputs by name; of others a note of type and size.
        files: of each that is not shown its type, its size, and its key in the storage unless it is too large.
    """

    shown: dict[str, Any] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """Of the files in the storage."""
        return [file["storageKey"] for file in self.files.values() if file["storageKey"]]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """An output that is a file; without a key it was too large to be kept."""

    name: str
    media_type: str
    size: int
    storage_key: str | None


@asynccontextmanager
async def stored_outputs(
    database: Database, clock: Clock, storage: Storage, answer: Answer
) -> AsyncIterator[KeptOutputs]:
    """The outputs of an answer, whose own files are gone afterwards. Within the block they have to be claimed."""
    kept = KeptOutputs(files={output.name: _entry(output) for output in answer.outputs if not _is_shown(output)})
    try:
        async with announced(database, clock, storage, kept.keys):
            for output in answer.outputs:
                if key := kept.files.get(output.name, {}).get("storageKey"):
                    await storage.put_stream(key, _pieces(output.data))
            kept.shown.update(await asyncio.to_thread(_shown, answer.outputs))
            yield kept
    finally:
        forget_answers([answer])


async def claim_outputs(session: AsyncSession, clock: Clock, test: VersionTest, kept: KeptOutputs) -> None:
    """Makes stored outputs those of a test; what earlier tests of the version kept is removed."""
    await claim_files(session, kept.keys)
    earlier = select(VersionTest).where(
        VersionTest.version_id == test.version_id, VersionTest.kind == TestKind.RUN, VersionTest.id != test.id
    )
    for other in await session.scalars(earlier):
        if keys := [file.storage_key for file in files_of(other) if file.storage_key]:
            release_files(session, clock, keys)
            other.measurements = told_measurements(other)


async def kept_keys(session: AsyncSession, version_ids: Sequence[int]) -> list[str]:
    """The keys of all files that tests of these versions keep."""
    tests = await session.scalars(select(VersionTest).where(VersionTest.version_id.in_(version_ids)))
    return [file.storage_key for test in tests for file in files_of(test) if file.storage_key]


def files_of(test: VersionTest) -> list[KeptFile]:
    """The outputs of a test that are files."""
    files = (test.measurements or {}).get(FILES) or {}
    return [
        KeptFile(name, str(file["mediaType"]), int(file["size"]), file["storageKey"]) for name, file in files.items()
    ]


def told_measurements(test: VersionTest) -> dict[str, Any]:
    """What a test measured, without where its files are."""
    return {name: value for name, value in (test.measurements or {}).items() if name != FILES}


def _is_shown(output: OutputFile) -> bool:
    return output.media_type == JSON and output.size <= LARGEST_SHOWN_OUTPUT


def _entry(output: OutputFile) -> dict[str, Any]:
    key = f"test-outputs/{new_uuid()}" if output.size <= LARGEST_KEPT_OUTPUT else None
    return {"mediaType": output.media_type, "size": output.size, "storageKey": key}


def _shown(outputs: Sequence[OutputFile]) -> dict[str, Any]:
    return {
        output.name: json.loads(read_whole(output.data))
        if _is_shown(output)
        else {"mediaType": output.media_type, "size": output.size}
        for output in outputs
    }


async def _pieces(data: OutputData) -> AsyncIterator[bytes]:
    if isinstance(data, LargeOutput):
        async for piece in data.pieces():
            yield piece
    else:
        yield data
