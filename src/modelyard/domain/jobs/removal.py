"""Removes what is kept no longer of a job, in transactions so small that others can write in between."""

from collections.abc import Iterable

from sqlalchemy import Column, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Base, Database
from modelyard.domain.jobs.blobs import INPUTS, OUTPUTS, BlobStore
from modelyard.domain.jobs.tables import ItemOutput, Job, JobItem

ROWS_AT_ONCE = 1_000


class JobRemoval:
    """Each step may be interrupted, and be run again."""

    def __init__(self, database: Database, clock: Clock, blobs: BlobStore) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs

    async def remove_results(self, job_id: str) -> None:
        """Deletes the outputs; job and items stay, with errors and times. Raises Unavailable."""
        # Rows first: one whose file is gone would be an output that cannot be read.
        while await self._remove_some_outputs(job_id):
            pass
        await self._blobs.forget(OUTPUTS, job_id)
        async with self._database.write() as session:
            await session.execute(update(Job).where(Job.id == job_id).values(results_deleted_at=self._clock.now()))

    async def remove_job(self, job_id: str) -> None:
        """Deletes the job with all that hangs off it. Raises Unavailable."""
        while await self._remove_some_items(job_id):
            pass
        for kind in (INPUTS, OUTPUTS):
            await self._blobs.forget(kind, job_id)
        async with self._database.write() as session:
            for column in _referring_to(Job.__tablename__, besides={JobItem.__tablename__}):
                await session.execute(delete(column.table).where(column == job_id))
            await session.execute(delete(Job).where(Job.id == job_id))

    async def _remove_some_outputs(self, job_id: str) -> int:
        some = (
            select(ItemOutput.item_id)
            .join(JobItem, JobItem.id == ItemOutput.item_id)
            .where(JobItem.job_id == job_id)
            .limit(ROWS_AT_ONCE)
        )
        async with self._database.write() as session:
            ids = set(await session.scalars(some))
            await session.execute(delete(ItemOutput).where(ItemOutput.item_id.in_(ids)))
        return len(ids)

    async def _remove_some_items(self, job_id: str) -> int:
        async with self._database.write() as session:
            ids = list(await session.scalars(select(JobItem.id).where(JobItem.job_id == job_id).limit(ROWS_AT_ONCE)))
            await _remove_items(session, ids)
        return len(ids)


async def _remove_items(session: AsyncSession, item_ids: list[int]) -> None:
    for column in _referring_to(JobItem.__tablename__):
        await session.execute(delete(column.table).where(column.in_(item_ids)))
    await session.execute(delete(JobItem).where(JobItem.id.in_(item_ids)))


def _referring_to(table: str, besides: Iterable[str] = ()) -> list[Column[object]]:
    """The columns by which rows of other tables belong to a row: whoever adds such a table need not think of this."""
    return [
        key.parent
        for other in Base.metadata.sorted_tables
        for key in sorted(other.foreign_keys, key=str)
        if isinstance(key.column.table, Table) and key.column.table.name == table and other.name not in besides
    ]
