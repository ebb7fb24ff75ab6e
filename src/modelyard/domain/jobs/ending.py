"""Ends jobs before their time: cancelled by a person, or out of time."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor, RoleMissing, may_over, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.quota_uses import credit
from modelyard.domain.audit.record import record
from modelyard.domain.engines import reconcile
from modelyard.domain.jobs.queries import JobWithUser, find_job
from modelyard.domain.jobs.status import OPEN_ITEMS, UNFINISHED, ItemState, JobStatus
from modelyard.domain.jobs.tables import Job, JobItem


class JobEnded(Conflict):
    """The job has ended already."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"The job {job.id} cannot be canceled, because it is {job.status} already.")


async def cancel_job(session: AsyncSession, clock: Clock, actor: Actor, job_id: str) -> JobWithUser:
    """Cancels a job; results that are there already stay. Cancelling twice is no error.

    Raises JobNotFound, JobEnded.
    """
    require(actor, Permission.CANCEL_JOBS)
    found = await find_job(session, actor, job_id)
    job = found.job
    if not may_over(actor, Permission.CANCEL_JOBS, account=job.account_id, team=job.team_id, project=job.project_id):
        raise RoleMissing(Permission.CANCEL_JOBS)
    if found.job.status == JobStatus.CANCELED:
        return found
    if not await end_job(session, found.job.id, JobStatus.CANCELED, clock.now(), "the job was canceled"):
        raise JobEnded(found.job)
    record(session, clock, actor, "job:canceled", f"job/{job_id}")
    return await find_job(session, actor, job_id)


async def end_overdue_jobs(session: AsyncSession, clock: Clock) -> int:
    """Ends the jobs whose timeout has passed; returns how many."""
    now = clock.now()
    overdue = await session.scalars(select(Job.id).where(Job.status.in_(UNFINISHED), Job.deadline <= now))
    ended = [
        await end_job(
            session, job_id, JobStatus.TIMEDOUT, now, "the job's timeout passed before this item had a result"
        )
        for job_id in overdue.all()
    ]
    return sum(ended)


async def end_job(session: AsyncSession, job_id: str, status: JobStatus, now: datetime, reason: str) -> bool:
    """Ends a job and its open items; False when it has ended already."""
    changed = await session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status.in_(UNFINISHED))
        .values(status=status, finished_at=now, updated_at=now)
        .returning(Job.charges)
    )
    charges = changed.scalar_one_or_none()
    if charges is None:
        return False
    canceled = await session.execute(
        update(JobItem)
        .where(JobItem.job_id == job_id, JobItem.state.in_(OPEN_ITEMS))
        .values(state=ItemState.CANCELED, error=reason, finished_at=now)
    )
    await credit(session, [(charges, cast("CursorResult[Any]", canceled).rowcount)])
    ring_after_commit(session, reconcile.TOPIC)
    return True
