"""Items whose inputs were uploaded, and what is wrong with them by what their version declares."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Database
from modelyard.domain.inputs.items import InputFacts, InputValue, problem_of
from modelyard.domain.inputs.schema_check import LARGEST_CHECKED, SchemaCheck, too_large_to_check
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.chunked_inputs import read_chunks
from modelyard.domain.jobs.tables import InputChunk, ItemInput, JobItem
from modelyard.domain.models.contract import DeclaredInput

ITEMS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class UploadedItem:
    """An item of an open job, and what is there of its inputs."""

    id: int
    name: str
    inputs: tuple[InputFacts, ...]


async def read_uploaded(database: Database, job_id: str) -> AsyncIterator[UploadedItem]:
    """The items of a job in their order, with no session held."""
    start = 0
    while True:
        async with database.read() as session:
            page = await _read_page(session, job_id, start)
        for item in page:
            yield item
        if len(page) < ITEMS_AT_ONCE:
            return
        start += ITEMS_AT_ONCE


async def _read_page(session: AsyncSession, job_id: str, start: int) -> list[UploadedItem]:
    first = and_(InputChunk.item_id == ItemInput.item_id, InputChunk.name == ItemInput.name, InputChunk.position == 0)
    query = (
        select(JobItem.id, JobItem.name, ItemInput.name.label("input"), ItemInput.size, InputChunk.media_type)
        .join(ItemInput, ItemInput.item_id == JobItem.id)
        .join(InputChunk, first, isouter=True)
        .where(JobItem.job_id == job_id, JobItem.position >= start, JobItem.position < start + ITEMS_AT_ONCE)
        .order_by(JobItem.position, ItemInput.name)
    )
    rows = await (await session.connection()).execute(query)
    return [
        UploadedItem(item[0], item[1], tuple(InputFacts(row.input, row.media_type or "", row.size) for row in inputs))
        for item, inputs in groupby(rows, key=lambda row: (row.id, row.name))
    ]


class UploadCheck:
    """Compares uploaded items with what their version declares. The schema is for all items of one job."""

    def __init__(
        self, database: Database, blobs: BlobStore, declared: tuple[DeclaredInput, ...], schema: SchemaCheck | None
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._declared = declared
        self._schema = schema

    async def problem_of(self, item: UploadedItem) -> str | None:
        """What is wrong with an item; None when nothing is. Raises ItemsTooCostly, StoredFileNotFound."""
        problem = problem_of(item.inputs, self._declared)
        return problem or (await self._compare(item, self._schema) if self._schema else None)

    async def _compare(self, item: UploadedItem, schema: SchemaCheck) -> str | None:
        by_name = {entry.name: entry for entry in self._declared}
        values = []
        for facts in item.inputs:
            if not schema.concerns(facts.name, facts.media_type, by_name[facts.name]):
                continue
            if facts.size > LARGEST_CHECKED:
                return too_large_to_check(facts.name)
            data = await read_chunks(self._database, self._blobs, item.id, facts.name)
            values.append(InputValue(facts.name, facts.media_type, data))
        return await asyncio.to_thread(schema.problem_of, values, self._declared) if values else None
