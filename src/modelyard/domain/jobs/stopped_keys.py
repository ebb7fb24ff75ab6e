"""Jobs of keys that work no more: they are canceled in the transaction that stops the key."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.accounts import key_changes
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.key_changes import KeyChanges
from modelyard.domain.accounts.key_queries import KeyWithOwner
from modelyard.domain.audit.record import record
from modelyard.domain.jobs.ending import end_job
from modelyard.domain.jobs.status import UNFINISHED, JobStatus
from modelyard.domain.jobs.tables import Job


async def change_key(
    session: AsyncSession, clock: Clock, actor: Actor, prefix: str, changes: KeyChanges
) -> KeyWithOwner:
    """Changes a key as `accounts.key_changes` does; one that stops takes its unfinished jobs along."""
    found = await key_changes.change_key(session, clock, actor, prefix, changes)
    if changes.status is not None and found.key.status != KeyStatus.ACTIVE:
        await cancel_jobs_of_keys(session, clock, actor, [found.key.prefix])
    return found


async def cancel_jobs_of_keys(session: AsyncSession, clock: Clock, actor: Actor, prefixes: Sequence[str]) -> int:
    """Cancels what keys have submitted and is not finished; results that are there stay. Returns how many jobs."""
    query = select(Job.id, Job.key_prefix).where(Job.key_prefix.in_(prefixes), Job.status.in_(UNFINISHED))
    rows = (await session.execute(query.order_by(Job.created_at, Job.id))).all()
    for job_id, prefix in rows:
        if await end_job(session, job_id, JobStatus.CANCELED, clock.now(), "the key of the job was stopped"):
            record(session, clock, actor, "job:canceled", f"job/{job_id}", stopped_key=prefix)
    return len(rows)
