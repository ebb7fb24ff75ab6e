"""What became of a job: the outcome of every item, and the outputs."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotFound
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs.queries import JobWithUser, find_job
from modelyard.domain.jobs.status import UNFINISHED_ITEMS
from modelyard.domain.jobs.tables import ItemOutput, Job, JobItem


class OutputNotFound(NotFound):
    """The item has no such output."""

    def __init__(self, item: str, output: str) -> None:
        super().__init__(f"The item {item[:100]!r} of this job has no output {output[:100]!r} (yet).")


class ItemNotFound(NotFound):
    """The job has no such finished item."""

    def __init__(self, item: str) -> None:
        super().__init__(f"This job has no item {item[:100]!r}, or it has not finished yet.")


@dataclass(frozen=True, slots=True)
class ItemResult:
    """A finished item and its outputs."""

    item: JobItem
    outputs: list[ItemOutput]


@dataclass(frozen=True, slots=True)
class JobResults:
    """A job and its finished items, in their order."""

    found: JobWithUser
    items: list[ItemResult]

    @property
    def job(self) -> Job:
        """The job."""
        return self.found.job


async def read_results(session: AsyncSession, actor: Actor, job_id: str, *, item_name: str | None = None) -> JobResults:
    """Everything that is there so far, or one item of it. Raises JobNotFound, ItemNotFound."""
    found = await find_job(session, actor, job_id)
    query = select(JobItem).where(JobItem.job_id == job_id, JobItem.state.not_in(UNFINISHED_ITEMS))
    if item_name is not None:
        query = query.where(JobItem.name == item_name)
    items = list(await session.scalars(query.order_by(JobItem.position)))
    if item_name is not None and not items:
        raise ItemNotFound(item_name)
    rows = await session.scalars(
        select(ItemOutput)
        .join(JobItem, JobItem.id == ItemOutput.item_id)
        .where(JobItem.job_id == job_id, *([JobItem.name == item_name] if item_name is not None else []))
        .order_by(ItemOutput.item_id, ItemOutput.name)
    )
    outputs: dict[int, list[ItemOutput]] = {}
    for row in rows:
        outputs.setdefault(row.item_id, []).append(row)
    return JobResults(found, [ItemResult(item, outputs.get(item.id, [])) for item in items])


async def find_output(session: AsyncSession, actor: Actor, job_id: str, item: str, output: str) -> ItemOutput:
    """One output of one item. Raises JobNotFound, OutputNotFound."""
    await find_job(session, actor, job_id)
    row = await session.scalar(
        select(ItemOutput)
        .join(JobItem, JobItem.id == ItemOutput.item_id)
        .where(JobItem.job_id == job_id, JobItem.name == item, ItemOutput.name == output)
    )
    if row is None:
        raise OutputNotFound(item, output)
    return row
