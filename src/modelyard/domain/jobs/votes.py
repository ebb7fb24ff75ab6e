"""What people think of results: one vote of each user on each item."""

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.accounts.actor import Actor, RoleMissing, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.record import record
from modelyard.domain.jobs.queries import find_job, visible_jobs
from modelyard.domain.jobs.results import find_finished_item
from modelyard.domain.jobs.tables import ItemVote, Job, JobItem


class Vote(StrEnum):
    """What one user thinks of one result."""

    NONE = "NO_VOTES"
    UP = "UP"
    DOWN = "DOWN"


_ACTIONS = {Vote.NONE: "results:vote:removed", Vote.UP: "results:upvoted", Vote.DOWN: "results:downvoted"}


async def read_vote(session: AsyncSession, actor: Actor, job_id: str, item_name: str) -> Vote:
    """The actor's own vote. Raises JobNotFound, ItemNotFound, ItemNotFinished."""
    await find_job(session, actor, job_id)
    item = await find_finished_item(session, job_id, item_name)
    return _meaning(await session.get(ItemVote, (item.id, actor.user_id)))


async def cast_vote(session: AsyncSession, clock: Clock, actor: Actor, job_id: str, item_name: str, vote: Vote) -> Vote:
    """Makes this the actor's vote, instead of the one before; `Vote.NONE` takes it back.

    Raises JobNotFound, ItemNotFound, ItemNotFinished, RoleMissing.
    """
    item = await _find_item_to_vote_on(session, actor, job_id, item_name)
    row = await session.get(ItemVote, (item.id, actor.user_id))
    if _meaning(row) == vote:
        return vote
    if vote is Vote.NONE:
        await session.delete(row)
    elif row is None:
        is_up = vote is Vote.UP
        session.add(ItemVote(item_id=item.id, user_id=actor.user_id, is_up=is_up, created_at=clock.now()))
    else:
        row.is_up, row.created_at = vote is Vote.UP, clock.now()
    record(session, clock, actor, _ACTIONS[vote], f"job/{job_id}", item=item_name)
    return vote


async def _find_item_to_vote_on(session: AsyncSession, actor: Actor, job_id: str, item_name: str) -> JobItem:
    require(actor, Permission.VOTE_ON_RESULTS)
    await find_job(session, actor, job_id)
    reached = select(Job.id).where(Job.id == job_id, visible_jobs(actor, Permission.VOTE_ON_RESULTS))
    if await session.scalar(reached) is None:
        raise RoleMissing(Permission.VOTE_ON_RESULTS)
    return await find_finished_item(session, job_id, item_name)


def _meaning(row: ItemVote | None) -> Vote:
    if row is None:
        return Vote.NONE
    return Vote.UP if row.is_up else Vote.DOWN
