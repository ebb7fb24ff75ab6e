"""The items of a job as people look at them: a page at a time, whatever became of them, and errors by their cause."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.listing import one_page, paged
from modelyard.core.paging import Found, Page
from modelyard.domain.jobs.status import FINISHED, UNFINISHED_ITEMS, ItemState
from modelyard.domain.jobs.tables import ItemInput, ItemOutput, Job, JobItem

SHOWN_AT_ONCE = 4_096
"""Bytes of an input or output that are shown where it is listed."""
MOST_CAUSES = 20
IS_KEPT = or_(ItemInput.data.is_not(None), ItemInput.storage_key.is_not(None))
"""Of an input that can be shown: it is not elsewhere, and did not come in chunks."""
_OF_GROUP: dict[str, tuple[ItemState, ...]] = {
    "all": tuple(ItemState),
    "good": (ItemState.SUCCESSFUL,),
    "failed": (ItemState.FAILED,),
    "canceled": (ItemState.CANCELED,),
    "waiting": UNFINISHED_ITEMS,
}
GROUPS = tuple(_OF_GROUP)


@dataclass(frozen=True, slots=True)
class OutputEntry:
    """An output; `data` where it is small."""

    name: str
    media_type: str
    size: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class InputEntry:
    """An input that is kept; `data` where it is small."""

    name: str
    size: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class ItemEntry:
    """An item in a list. Times in milliseconds."""

    id: int
    name: str
    state: str
    error: str | None
    error_side: str | None
    latency_ms: int | None
    outputs: list[OutputEntry] = field(default_factory=list)
    inputs: list[InputEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cause:
    """An error that items have, whose mistake it is, and how many have it."""

    error: str
    side: str | None
    items: int


async def list_items(
    session: AsyncSession, job: Job, group: str, page: Page, *, with_inputs: bool = False
) -> Found[ItemEntry]:
    """Items of a job that has been found for who asks, in their order, with their outputs.

    Args:
        group: one of GROUPS.
        with_inputs: that are kept, for who sent them.
    """
    columns = (JobItem.id, JobItem.name, JobItem.state, JobItem.error, JobItem.error_side, JobItem.latency_ms)
    query = select(*columns).where(JobItem.job_id == job.id).order_by(JobItem.position)
    if group != "all":
        query = query.where(JobItem.state.in_(_OF_GROUP[group]))
    found = one_page([ItemEntry(*row) for row in await session.execute(paged(query, page))], page)
    items = {item.id: item for item in found.entries}
    await _add_outputs(session, items)
    if with_inputs:
        await _add_inputs(session, items)
    return found


async def count_causes(session: AsyncSession, job: Job) -> list[Cause]:
    """The most frequent errors of the items of a job that has been found for who asks."""
    if not job.failed:
        return []
    number = func.count().label("number")
    query = (
        select(JobItem.error, JobItem.error_side, number)
        .where(JobItem.job_id == job.id, JobItem.state == ItemState.FAILED)
        .group_by(JobItem.error, JobItem.error_side)
        .order_by(number.desc(), JobItem.error)
        .limit(MOST_CAUSES)
    )
    return [Cause(error or "", side, items) for error, side, items in await session.execute(query)]


async def why_canceled(session: AsyncSession, job: Job) -> str | None:
    """Why the last items of a job, which has been found for who asks, never ran; None when all did, or still may."""
    if job.status not in FINISHED or job.completed + job.failed >= job.total:
        return None
    query = select(JobItem.error).where(JobItem.job_id == job.id, JobItem.state == ItemState.CANCELED)
    return await session.scalar(query.limit(1))


async def _add_outputs(session: AsyncSession, items: dict[int, ItemEntry]) -> None:
    is_small = ItemOutput.size <= SHOWN_AT_ONCE
    data: Any = case((is_small, ItemOutput.data), else_=null())
    columns = (ItemOutput.item_id, ItemOutput.name, ItemOutput.media_type, ItemOutput.size, data)
    query = select(*columns).where(ItemOutput.item_id.in_(items)).order_by(ItemOutput.item_id, ItemOutput.name)
    for item_id, *values in await session.execute(query):
        items[item_id].outputs.append(OutputEntry(*values))


async def _add_inputs(session: AsyncSession, items: dict[int, ItemEntry]) -> None:
    data: Any = case((ItemInput.size <= SHOWN_AT_ONCE, ItemInput.data), else_=null())
    query = select(ItemInput.item_id, ItemInput.name, ItemInput.size, data).where(ItemInput.item_id.in_(items), IS_KEPT)
    for item_id, *values in await session.execute(query.order_by(ItemInput.item_id, ItemInput.name)):
        items[item_id].inputs.append(InputEntry(*values))
