"""People and their jobs: how many they have submitted, and what is canceled when people go."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.accounts import members, users
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.users import ChangedUser, UserChanges
from modelyard.domain.jobs.stopped_keys import cancel_jobs_of_keys
from modelyard.domain.jobs.tables import Job
from modelyard.domain.models import team_removal

_AT_ONCE = 10_000
"""Databases limit the values of one statement."""


async def count_jobs_of_users(session: AsyncSession, user_ids: Sequence[str]) -> dict[str, int]:
    """How many jobs each of these has submitted, with whatever key; those without any are left out."""
    counts: dict[str, int] = {}
    for start in range(0, len(user_ids), _AT_ONCE):
        some = user_ids[start : start + _AT_ONCE]
        query = select(Job.user_id, func.count()).where(Job.user_id.in_(some)).group_by(Job.user_id)
        counts |= {user_id: number for user_id, number in await session.execute(query)}  # noqa: C416 - rows are no pairs
    return counts


async def change_user(
    session: AsyncSession, clock: Clock, actor: Actor, user_id: str, changes: UserChanges, *, account_id: str
) -> ChangedUser:
    """Changes a user as `accounts.users` does; keys that stop take their unfinished jobs along."""
    changed = await users.change_user(session, clock, actor, user_id, changes, account_id=account_id)
    await cancel_jobs_of_keys(session, clock, actor, changed.stopped_keys)
    return changed


async def remove_member(session: AsyncSession, clock: Clock, actor: Actor, team_id: str, user_id: str) -> None:
    """Takes a user out of a team as `accounts.members` does, and cancels what their key there has submitted."""
    keys = await members.remove_member(session, clock, actor, team_id, user_id)
    await cancel_jobs_of_keys(session, clock, actor, keys)


async def remove_team(session: AsyncSession, clock: Clock, actor: Actor, team_id: str) -> None:
    """Deletes a team as `models.team_removal` does, and cancels what its keys have submitted."""
    keys = await team_removal.remove_team(session, clock, actor, team_id)
    await cancel_jobs_of_keys(session, clock, actor, keys)
