"""What became of a job: which items have finished, and single outputs; `result_reader.py` reads them all."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotFound
from modelyard.core.listing import one_page
from modelyard.core.paging import Page
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs.item_names import key_of_name
from modelyard.domain.jobs.queries import JobWithUser, find_job
from modelyard.domain.jobs.status import UNFINISHED_ITEMS, ItemState
from modelyard.domain.jobs.tables import ItemOutput, Job, JobItem


class OutputNotFound(NotFound):
    """The item has no such output."""

    def __init__(self, item: str, output: str, error: str | None) -> None:
        why = f"; it failed: {error[:500]}" if error else "."
        super().__init__(f"The item {item[:100]!r} of this job has no output {output[:100]!r}{why}")


class ItemNotFound(NotFound):
    """The job has no such item."""

    def __init__(self, item: str) -> None:
        super().__init__(f"This job has no item {item[:100]!r}.")


class ItemNotFinished(NotFound):
    """The item has no result yet."""

    def __init__(self, item: JobItem) -> None:
        super().__init__(
            f"The item {item.name[:100]!r} of this job has not finished yet, it is {item.state}; ask again later."
        )


class ResultsDeleted(NotFound):
    """The results are kept no longer."""

    def __init__(self, at: datetime) -> None:
        super().__init__(
            f"The results of this job were deleted at {at:%Y-%m-%d %H:%M} UTC, because they are kept for so long only; "
            "submit the job again if you need them."
        )


@dataclass(frozen=True, slots=True)
class FinishedItemKey:
    """Where the result of an item is, and how many bytes of outputs its rows hold."""

    id: int
    is_good: bool
    bytes_in_rows: int


@dataclass(frozen=True, slots=True)
class JobResults:
    """A job and the items of it that had finished at one moment, in their order."""

    found: JobWithUser
    items: tuple[FinishedItemKey, ...]

    @property
    def job(self) -> Job:
        """The job."""
        return self.found.job

    def on_page(self, page: Page) -> tuple["JobResults", bool]:
        """The items of one page alone, and whether there is another; the pages of a finished job stay the same."""
        found = one_page(self.items[page.offset :], page)
        return JobResults(self.found, tuple(found.entries)), found.has_next


@dataclass(frozen=True, slots=True)
class FoundOutput:
    """One output, and the item that has it."""

    item: JobItem
    output: ItemOutput


async def read_results(
    session: AsyncSession, actor: Actor, job_id: str, *, is_good: bool | None = None, needs_outputs: bool = False
) -> JobResults:
    """Which items have finished so far; those that succeeded or failed alone where `is_good` says so.

    Raises JobNotFound; ResultsDeleted where outputs are needed.
    """
    found = await find_job(session, actor, job_id)
    if needs_outputs:
        _require_kept(found.job)
    conditions: list[ColumnElement[bool]] = [JobItem.state.not_in(UNFINISHED_ITEMS)]
    if is_good is not None:
        succeeded = JobItem.state == ItemState.SUCCESSFUL
        conditions.append(succeeded if is_good else ~succeeded)
    return JobResults(found, await _finished(session, job_id, *conditions))


async def read_item(session: AsyncSession, actor: Actor, job_id: str, item_name: str) -> JobResults:
    """The result of one item alone. Raises JobNotFound, ItemNotFound, ItemNotFinished."""
    found = await find_job(session, actor, job_id)
    item = await find_finished_item(session, job_id, item_name)
    return JobResults(found, await _finished(session, job_id, JobItem.id == item.id))


async def find_finished_item(session: AsyncSession, job_id: str, item_name: str) -> JobItem:
    """An item of a job that the caller may see. Raises ItemNotFound, ItemNotFinished."""
    is_called = JobItem.name_key == key_of_name(item_name)
    item = (await session.scalars(select(JobItem).where(JobItem.job_id == job_id, is_called))).first()
    if item is None:
        raise ItemNotFound(item_name)
    if item.state in UNFINISHED_ITEMS:
        raise ItemNotFinished(item)
    return item


async def find_output(session: AsyncSession, actor: Actor, job_id: str, item_name: str, output: str) -> FoundOutput:
    """One output of one item. Raises JobNotFound, ItemNotFound, ItemNotFinished, OutputNotFound, ResultsDeleted."""
    found = await find_job(session, actor, job_id)
    item = await find_finished_item(session, job_id, item_name)
    row = await session.get(ItemOutput, (item.id, output))
    if row is None:
        _require_kept(found.job)
        raise OutputNotFound(item_name, output, item.error)
    return FoundOutput(item, row)


def _require_kept(job: Job) -> None:
    if job.results_deleted_at is not None:
        raise ResultsDeleted(job.results_deleted_at)


_IN_ROW = case((ItemOutput.storage_key.is_(None), ItemOutput.size), else_=0)
_FINISHED = (
    select(JobItem.id, JobItem.state == ItemState.SUCCESSFUL, func.coalesce(func.sum(_IN_ROW), 0))
    .join(ItemOutput, ItemOutput.item_id == JobItem.id, isouter=True)
    .where(JobItem.job_id == bindparam("job"))
    .group_by(JobItem.id, JobItem.state, JobItem.position)
    .order_by(JobItem.position, JobItem.id)
)


async def _finished(
    session: AsyncSession, job_id: str, *conditions: ColumnElement[bool]
) -> tuple[FinishedItemKey, ...]:
    rows = await session.execute(_FINISHED.where(*conditions), {"job": job_id})
    return tuple(FinishedItemKey(item, bool(is_good), int(size)) for item, is_good, size in rows)
