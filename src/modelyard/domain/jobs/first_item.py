"""The first item of a job as a page shows it whole: its times, its outputs, and its inputs to who sent them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotFound
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs.item_names import key_of_name
from modelyard.domain.jobs.item_pages import IS_KEPT, InputEntry, OutputEntry
from modelyard.domain.jobs.queries import find_job
from modelyard.domain.jobs.tables import ItemInput, ItemOutput, Job, JobItem


class InputNotFound(NotFound):
    """The item has no such input that is kept and that the caller may see."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no input {name[:100]!r} that you may see: inputs are shown to who sent them, until they are "
            "deleted some time after their job has ended."
        )


@dataclass(frozen=True, slots=True)
class FirstItem:
    """A job and its first item; no item while those of the job are still being found out."""

    job: Job
    item: JobItem | None
    outputs: tuple[OutputEntry, ...] = ()
    inputs: tuple[InputEntry, ...] = ()


async def read_first_item(session: AsyncSession, actor: Actor, job_id: str) -> FirstItem:
    """The first item of a job that the actor may see. Raises JobNotFound."""
    job = (await find_job(session, actor, job_id)).job
    query = select(JobItem).where(JobItem.job_id == job_id).order_by(JobItem.position).limit(1)
    item = (await session.scalars(query)).one_or_none()
    if item is None:
        return FirstItem(job, None)
    outputs = await session.scalars(select(ItemOutput).where(ItemOutput.item_id == item.id).order_by(ItemOutput.name))
    shown = tuple(OutputEntry(row.name, row.media_type, row.size, row.data) for row in outputs)
    return FirstItem(job, item, shown, await _inputs_of(session, item) if is_sender(actor, job) else ())


async def find_own_input(session: AsyncSession, actor: Actor, job_id: str, name: str, item_name: str = "") -> ItemInput:
    """An input, which the actor has sent, of an item, or of the first one. Raises JobNotFound, InputNotFound."""
    job = (await find_job(session, actor, job_id)).job
    items = select(JobItem.id).where(JobItem.job_id == job_id).order_by(JobItem.position).limit(1)
    if item_name:
        items = items.where(JobItem.name_key == key_of_name(item_name))
    query = select(ItemInput).where(ItemInput.item_id.in_(items), ItemInput.name == name, IS_KEPT)
    row = (await session.scalars(query)).one_or_none() if is_sender(actor, job) else None
    if row is None:
        raise InputNotFound(name)
    return row


def is_sender(actor: Actor, job: Job) -> bool:
    """Whether the inputs of a job came from the actor: others, who see its results, do not see them."""
    return (job.user_id, job.project_id) == (actor.user_id, actor.project_id)


async def _inputs_of(session: AsyncSession, item: JobItem) -> tuple[InputEntry, ...]:
    query = select(ItemInput).where(ItemInput.item_id == item.id, IS_KEPT).order_by(ItemInput.name)
    return tuple(InputEntry(row.name, row.size, row.data) for row in await session.scalars(query))
