"""Stores the items of a submission, so many at once that others have their turns meanwhile."""

import asyncio
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.inputs.items import SubmittedItem
from modelyard.domain.jobs.status import ErrorSide, ItemState
from modelyard.domain.jobs.tables import ItemInput, Job, JobItem

ITEMS_TOGETHER = 1_000
"""A large submission takes seconds, in which this process has to answer others, and to say that it lives."""
_ITEMS: Any = JobItem.__table__
_ADD_ITEMS = insert(_ITEMS).returning(_ITEMS.c.id, sort_by_parameter_order=True)
_ADD_INPUTS = insert(ItemInput.__table__)  # type: ignore[arg-type]


async def add_items(
    session: AsyncSession, job: Job, lane: int, items: list[SubmittedItem], inputs: list[list[dict[str, Any]]]
) -> None:
    """Adds the items of a job and the inputs of each."""
    for start in range(0, len(items), ITEMS_TOGETHER):
        part = slice(start, start + ITEMS_TOGETHER)
        rows = [_item_row(job, start + number, item, lane) for number, item in enumerate(items[part])]
        await _add_together(session, rows, inputs[part])
        await asyncio.sleep(0)


async def _add_together(session: AsyncSession, rows: list[dict[str, Any]], inputs: list[list[dict[str, Any]]]) -> None:
    connection = await session.connection()
    ids = (await connection.execute(_ADD_ITEMS, rows)).scalars()
    values = [{"item_id": item_id, **value} for item_id, kept in zip(ids, inputs, strict=True) for value in kept]
    if values:
        await connection.execute(_ADD_INPUTS, values)


def _item_row(job: Job, position: int, item: SubmittedItem, lane: int) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "version_id": job.version_id,
        "position": position,
        "name": item.name,
        "state": ItemState.FAILED if item.error else ItemState.QUEUED,
        "lane_id": lane,
        "attempts": 0,
        "error": item.error,
        "error_side": ErrorSide.CALLER if item.error else None,
        "size": item.size,
        "queued_at": job.submitted_at,
        "finished_at": job.submitted_at if item.error else None,
    }
