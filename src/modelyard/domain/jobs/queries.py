"""Finds and lists jobs."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from modelyard.core.errors import NotFound
from modelyard.core.listing import known_sort, one_page, ordered, paged
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.actor import Actor, require, within
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.project_queries import projects_of
from modelyard.domain.accounts.tables import User
from modelyard.domain.inputs.items import LONGEST_NAME, LONGEST_NAMES
from modelyard.domain.jobs.job_filters import JobFilter, conditions
from modelyard.domain.jobs.newest import Unindexed, newest_jobs
from modelyard.domain.jobs.tables import Job, JobItem
from modelyard.domain.models.tables import Model
from modelyard.domain.models.visibility import visible_to

_OF_KEYS = select(Job.key_prefix, func.count().label("jobs")).group_by(Job.key_prefix).subquery()
"""How many jobs each key has submitted."""
BY_JOBS_OF_KEY = "submittedJobs"
SORTS: dict[str, Any] = {
    "identifier": Job.id,
    "submittedBy": Job.key_prefix,
    BY_JOBS_OF_KEY: _OF_KEYS.c.jobs,
    "status": Job.status,
    "createdAt": Job.created_at,
    "updatedAt": Job.updated_at,
    "submittedAt": Job.submitted_at,
    "total": Job.total,
    "completed": Job.completed,
    "fail": Job.failed,
    "failed": Job.failed,
    "model": Job.model_name,
}


class JobNotFound(NotFound):
    """There is no such job, or the caller may not see it."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id[:40]!r} that you may see.")


@dataclass(frozen=True, slots=True)
class JobWithUser:
    """A job and who submitted it."""

    job: Job
    user: User


def visible_jobs(
    actor: Actor, permission: Permission = Permission.READ_JOBS, *, jobs: Any = Job
) -> ColumnElement[bool]:
    """The condition under which the actor may see a row of `jobs`, or of an alias of it.

    It is within reach, or of a project that they work in.

    Of other people's jobs they see those of models that they may see; a job tells much about its model.
    """
    reached = within(actor, permission, account=jobs.account_id, team=jobs.team_id, project=jobs.project_id)
    reach = actor.reach(permission)
    if actor.project_id or reach is None:
        return reached
    if reach < Reach.ACCOUNT:
        reached = and_(
            jobs.account_id == actor.account_id, or_(reached, jobs.project_id.in_(projects_of(actor.user_id)))
        )
    if actor.reach(Permission.READ_MODELS) == Reach.INSTALLATION:
        return reached
    return and_(reached, or_(jobs.user_id == actor.user_id, _of_a_visible_model(actor, jobs)))


def _of_a_visible_model(actor: Actor, jobs: Any) -> ColumnElement[bool]:
    """Asked of each job that is looked at, by the model's key: a page costs as many look-ups, however many models."""
    return select(Model.id).where(Model.id == jobs.model_id, visible_to(actor)).correlate(jobs).exists()


async def find_job(session: AsyncSession, actor: Actor, job_id: str) -> JobWithUser:
    """A job by its identifier. Raises JobNotFound."""
    require(actor, Permission.READ_JOBS)
    query = select(Job, User).join(User, User.id == Job.user_id).where(Job.id == job_id, visible_jobs(actor))
    query = query.options(joinedload(Job.callback))
    row = (await session.execute(query.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise JobNotFound(job_id)
    return JobWithUser(*row)


async def list_jobs(
    session: AsyncSession, actor: Actor, wanted: JobFilter, page: Page, sort: Sort
) -> Found[JobWithUser]:
    """Jobs that the actor may see, newest first unless sorted otherwise."""
    require(actor, Permission.READ_JOBS)
    query = select(Job, User).join(User, User.id == Job.user_id).options(selectinload(Job.callback))
    sort = known_sort(sort, SORTS)
    order = ordered(sort, SORTS, Job.created_at, Job.id, newest_first=True)
    is_newest_first = not sort.fields
    if is_newest_first:
        ids = await newest_jobs(session, wanted, lambda jobs: [visible_jobs(actor, jobs=jobs)], page)
        if ids is not None:
            rows = await session.execute(query.where(Job.id.in_(ids)).order_by(*order))
            return one_page([JobWithUser(*row) for row in rows], page)
    if BY_JOBS_OF_KEY in sort.fields:
        query = query.join(_OF_KEYS, _OF_KEYS.c.key_prefix == Job.key_prefix)
    rows_of = Unindexed(Job) if is_newest_first else Job
    query = query.where(visible_jobs(actor), *conditions(wanted, rows_of)).order_by(*order)
    return one_page([JobWithUser(*row) for row in await session.execute(paged(query, page))], page)


def _within(names: Any, letters: int) -> Any:
    """The first names of each job that have so many characters together."""
    so_far = func.sum(func.length(JobItem.name)).over(partition_by=JobItem.job_id, order_by=JobItem.position)
    found = names.order_by(None).add_columns(JobItem.position, so_far.label("letters")).subquery()
    query = select(found.c.job_id, found.c.name).where(or_(found.c.letters <= letters, found.c.position == 0))
    return query.order_by(found.c.job_id, found.c.position)


async def item_names(
    session: AsyncSession, job_ids: list[str], *, most_each: int | None = None
) -> dict[str, list[str]]:
    """The names of the items of jobs, in their order.

    Args:
        most_each: names of one job; fewer of each where they are long and the jobs many, but one in any case.
    """
    query: Any = select(JobItem.job_id, JobItem.name).where(JobItem.job_id.in_(job_ids))
    query = query.order_by(JobItem.job_id, JobItem.position)
    if most_each is not None:
        query = query.where(JobItem.position < most_each)
        if len(job_ids) * most_each * LONGEST_NAME > LONGEST_NAMES:
            query = _within(query, LONGEST_NAMES // len(job_ids))
    names: dict[str, list[str]] = {job_id: [] for job_id in job_ids}
    connection = await session.connection()  # a large job is asked for again and again: no objects are made of its rows
    for job_id, name in await connection.execute(query):
        names[job_id].append(name)
    return names
