"""Jobs to which inputs are uploaded: who may do so, and what is wrong with a job or an input that takes none."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import Conflict, InvalidInput, LimitReached, NotAllowed, TooLarge
from modelyard.core.nul import NUL
from modelyard.domain.accounts.actor import Actor, may_over, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.inputs.items import LONGEST_NAME, LONGEST_NAMES, NamesTooLong
from modelyard.domain.jobs.queries import JobWithUser, find_job
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job, JobItem
from modelyard.domain.models.contract import DeclaredInput

ITEMS_BETWEEN_LOOKS = 1_000
"""At the names of all items of a job."""


@dataclass(frozen=True, slots=True)
class InputPlace:
    """Which input of which item of which job."""

    job_id: str
    item: str
    input: str


class JobNotOpen(Conflict):
    """The job takes no inputs, or no more."""

    def __init__(self, job: Job) -> None:
        super().__init__(
            f"The job {job.id} is {job.status}; inputs can be uploaded only to a job that is OPEN, "
            "which is one that was submitted without `input` and neither closed nor canceled since."
        )


class NotYourJob(NotAllowed):
    """Somebody else opened the job."""

    def __init__(self) -> None:
        super().__init__("Only who opened a job may upload inputs to it; who may cancel it may close it as well.")


class ItemNameRejected(InvalidInput):
    """No item can be called so."""

    def __init__(self) -> None:
        super().__init__(f"An item's name has 1 to {LONGEST_NAME} characters, and not the character NUL.")


class InputNotDeclared(InvalidInput):
    """The model has no such input."""

    def __init__(self, name: str, declared: tuple[DeclaredInput, ...]) -> None:
        known = [entry.name for entry in declared]
        super().__init__(f"The model has no input named {name[:255]!r}; its inputs are {known}.")


class InputTooLarge(TooLarge):
    """The input would have more bytes than its model takes."""

    def __init__(self, declared: DeclaredInput) -> None:
        super().__init__(f"The input {declared.name!r} may have {declared.maximum_size} bytes; with this it has more.")


class TooManyOpenJobs(LimitReached):
    """The user has as many open jobs as one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} open jobs, and may not have more; close or cancel some of them first.")


class TooManyItems(TooLarge):
    """The job has as many items as a job may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"A job may have {most} items, and this one has them; put the others into another job.")


class TooManyChunks(TooLarge):
    """The input came in as many chunks as an input may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"An input may come in {most} chunks; send larger ones.")


class OffsetWrong(Conflict):
    """The chunk begins somewhere else than where the input ends so far."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The input has {size} bytes so far; send the chunk that begins at offset={size} next.")


class ChunkBeingReceived(Conflict):
    """Two chunks for one input at once have no order."""

    def __init__(self) -> None:
        super().__init__(
            "Another chunk of this input is arriving at the same time; send the chunks of an input one after the other."
        )


def check_item_name(name: str) -> None:
    """Raises ItemNameRejected."""
    if not 1 <= len(name) <= LONGEST_NAME or NUL in name:
        raise ItemNameRejected


def find_declared(declared: tuple[DeclaredInput, ...], name: str) -> DeclaredInput:
    """The declared input of this name. Raises InputNotDeclared."""
    for entry in declared:
        if entry.name == name:
            return entry
    raise InputNotDeclared(name, declared)


async def lock_job(session: AsyncSession, job_id: str) -> None:
    """Makes who changes the items of an open job wait for each other."""
    await session.execute(select(Job.id).where(Job.id == job_id).with_for_update())


async def find_job_to_fill(session: AsyncSession, actor: Actor, job_id: str) -> JobWithUser:
    """A job of the actor's own. Raises JobNotFound, RoleMissing, NotYourJob."""
    require(actor, Permission.SUBMIT_JOBS)
    found = await find_job(session, actor, job_id)
    if not _is_own(actor, found.job):
        raise NotYourJob
    return found


async def find_job_to_close(session: AsyncSession, actor: Actor, job_id: str) -> JobWithUser:
    """A job of the actor's own, or one that they may cancel. Raises JobNotFound, RoleMissing, NotYourJob."""
    require(actor, Permission.SUBMIT_JOBS)
    found = await find_job(session, actor, job_id)
    job = found.job
    may_end = may_over(actor, Permission.CANCEL_JOBS, account=job.account_id, team=job.team_id, project=job.project_id)
    if not may_end and not _is_own(actor, job):
        raise NotYourJob
    return found


def require_open(job: Job) -> None:
    """Raises JobNotOpen."""
    if job.status != JobStatus.OPEN:
        raise JobNotOpen(job)


async def require_few_open(session: AsyncSession, actor: Actor, most: int) -> None:
    """Raises TooManyOpenJobs when the actor can open no more."""
    are_open = (Job.user_id == actor.user_id, Job.status == JobStatus.OPEN)
    if (await session.scalar(select(func.count()).where(*are_open)) or 0) >= most:
        raise TooManyOpenJobs(most)


async def require_short_names(session: AsyncSession, job: Job) -> None:
    """Looks now and then, since to look at all names costs more the more there are. Raises NamesTooLong."""
    if job.total * LONGEST_NAME < LONGEST_NAMES or job.total % ITEMS_BETWEEN_LOOKS:
        return
    letters = select(func.sum(func.length(JobItem.name))).where(JobItem.job_id == job.id)
    if (await session.scalar(letters) or 0) > LONGEST_NAMES:
        raise NamesTooLong


def _is_own(actor: Actor, job: Job) -> bool:
    return may_over(
        actor,
        Permission.SUBMIT_JOBS,
        account=job.account_id,
        team=job.team_id,
        user=job.user_id,
        project=job.project_id,
    )
