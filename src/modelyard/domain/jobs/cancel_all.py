"""Cancels many jobs at once: all of those that somebody may cancel, or those of a filter."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.listing import parts_of
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.record import record
from modelyard.domain.jobs.ending import cancellable, end_job
from modelyard.domain.jobs.job_filters import JobFilter, conditions
from modelyard.domain.jobs.queries import visible_jobs
from modelyard.domain.jobs.status import UNFINISHED, JobStatus
from modelyard.domain.jobs.tables import Job

MOST_CANCELED = 10_000
"""By one request; who has more asks again."""
JOBS_AT_ONCE = 50
"""In one transaction: others want to write as well."""


async def cancel_jobs(database: Database, clock: Clock, actor: Actor, wanted: JobFilter) -> list[Job]:
    """Cancels the unfinished jobs of a filter that the actor may cancel, the oldest first; returns those that it did.

    Results that are there already stay. What was canceled before a failure stays canceled.
    """
    require(actor, Permission.READ_JOBS)
    require(actor, Permission.CANCEL_JOBS)
    async with database.read() as session:
        chosen = (await session.scalars(_cancellable_jobs(actor, wanted).limit(MOST_CANCELED))).all()
    canceled: list[Job] = []
    for some in parts_of(chosen, JOBS_AT_ONCE):
        async with database.write() as session:
            canceled += await _cancel_some(session, clock, actor, some)
    return canceled


def _cancellable_jobs(actor: Actor, wanted: JobFilter) -> Select[str]:
    unfinished = Job.status.in_(UNFINISHED)
    query = select(Job.id).where(unfinished, visible_jobs(actor), cancellable(actor), *conditions(wanted))
    return query.order_by(Job.created_at, Job.id)


async def _cancel_some(session: AsyncSession, clock: Clock, actor: Actor, job_ids: Sequence[str]) -> list[Job]:
    ended = []
    for job_id in job_ids:
        if await end_job(session, job_id, JobStatus.CANCELED, clock.now(), "the job was canceled"):
            record(session, clock, actor, "job:canceled", f"job/{job_id}", together=True)
            ended.append(job_id)
    rows = await session.scalars(select(Job).where(Job.id.in_(ended)).order_by(Job.created_at, Job.id))
    return list(rows)
