"""Ends jobs before their time: cancelled by a person, out of time, or of a key that works no more."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor, RoleMissing, may_over, require, within
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.project_owners import OWNER_BELONGS
from modelyard.domain.accounts.quota_uses import credit
from modelyard.domain.accounts.states import AccountStatus, ProjectStatus, TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Account, ApiKey, Membership, Project, Team, User
from modelyard.domain.audit.record import PLATFORM, Outsider, record
from modelyard.domain.engines import reconcile
from modelyard.domain.jobs.queries import JobWithUser, find_job
from modelyard.domain.jobs.status import UNFINISHED, UNFINISHED_ITEMS, ErrorSide, ItemState, JobStatus
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


def cancellable(actor: Actor) -> ColumnElement[bool]:
    """Over which of the jobs that the actor sees they may cancel what is unfinished."""
    return within(actor, Permission.CANCEL_JOBS, account=Job.account_id, team=Job.team_id, project=Job.project_id)


async def end_overdue_jobs(session: AsyncSession, clock: Clock) -> int:
    """Ends the jobs whose timeout has passed; returns how many."""
    now = clock.now()
    overdue = await session.scalars(select(Job.id).where(Job.status.in_(UNFINISHED), Job.deadline <= now))
    ended = [
        await end_job(
            session,
            job_id,
            JobStatus.TIMEDOUT,
            now,
            "the job's timeout passed before this item had a result; submit it again with a longer one",
        )
        for job_id in overdue.all()
    ]
    return sum(ended)


async def end_jobs_of_stopped_keys(session: AsyncSession, clock: Clock, *, most: int = 100) -> int:
    """Cancels unfinished jobs whose key works no more, for whatever reason; returns how many, the oldest first.

    A key that expires is no reason: what it submitted in time goes on.
    """
    reason = _reason_to_stop()
    stopped = await session.execute(
        select(Job.id, Job.account_id, reason)
        .join(ApiKey, ApiKey.prefix == Job.key_prefix, isouter=True)
        .join(User, User.id == func.coalesce(ApiKey.user_id, Job.user_id))
        .join(Team, Team.id == Job.team_id)
        .join(Account, Account.id == Job.account_id)
        .join(Project, Project.id == Job.project_id, isouter=True)
        .join(Membership, and_(Membership.user_id == User.id, Membership.team_id == Job.team_id), isouter=True)
        .where(Job.status.in_(UNFINISHED), reason.is_not(None))
        .order_by(Job.created_at, Job.id)
        .limit(most)
    )
    rows = stopped.all()
    for job_id, account_id, why in rows:
        if await end_job(session, job_id, JobStatus.CANCELED, clock.now(), f"the job was canceled, because {why}"):
            platform = Outsider(PLATFORM.label, account_id=account_id)
            record(session, clock, platform, "job:canceled", f"job/{job_id}", reason=why)
    return len(rows)


def _reason_to_stop() -> ColumnElement[str | None]:
    """Why the key of a job works no more, as `accounts.known` would find; None while it works.

    A person who is signed in may submit without a key; then the person counts.
    """
    return case(
        (Project.status != ProjectStatus.ACTIVE, "its project is not active any more"),
        (ApiKey.status != KeyStatus.ACTIVE, "its key is not active any more"),
        (User.status != UserStatus.ACTIVE, "the owner of its key is not active any more"),
        (Team.status != TeamStatus.ACTIVE, "its team is not there any more"),
        (Account.status != AccountStatus.ACTIVE, "its account is not active any more"),
        (and_(Job.project_id.is_(None), Membership.user_id.is_(None)), "its user has left the team"),
        (and_(Project.id.is_not(None), ~OWNER_BELONGS), "the owner of its project has left the team"),
        else_=None,
    )


async def end_job(session: AsyncSession, job_id: str, status: JobStatus, now: datetime, reason: str) -> bool:
    """Ends a job and its open items; False when it has ended already."""
    found = select(func.count()).select_from(JobItem).where(JobItem.job_id == job_id).scalar_subquery()
    changed = await session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status.in_(UNFINISHED))
        .values(
            status=status,
            finished_at=now,
            updated_at=now,
            sealed_source=None,
            total=case((Job.is_preparing, found), else_=Job.total),  # until now it is not known how many there are
            is_preparing=False,
        )
        .returning(Job.charges)
    )
    charges = changed.scalar_one_or_none()
    if charges is None:
        return False
    canceled = await session.execute(
        update(JobItem)
        .where(JobItem.job_id == job_id, JobItem.state.in_(UNFINISHED_ITEMS))
        .values(state=ItemState.CANCELED, error=reason, error_side=ErrorSide.CALLER, finished_at=now)
    )
    await credit(session, [(charges, cast("CursorResult[Any]", canceled).rowcount)])
    ring_after_commit(session, reconcile.TOPIC)
    return True
