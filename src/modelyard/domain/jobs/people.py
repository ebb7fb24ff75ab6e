"""People and their jobs: what is canceled when people go."""

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.accounts import members, users
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.users import ChangedUser, UserChanges
from modelyard.domain.jobs.stopped_keys import cancel_jobs_of_keys
from modelyard.domain.models import team_removal


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


async def leave_team(session: AsyncSession, clock: Clock, actor: Actor, team_id: str) -> None:
    """Takes the actor out of a team as `accounts.members` does, and cancels what their key there has submitted."""
    keys = await members.leave_team(session, clock, actor, team_id)
    await cancel_jobs_of_keys(session, clock, actor, keys)


async def remove_team(session: AsyncSession, clock: Clock, actor: Actor, team_id: str) -> None:
    """Deletes a team as `models.team_removal` does, and cancels what its keys have submitted."""
    keys = await team_removal.remove_team(session, clock, actor, team_id)
    await cancel_jobs_of_keys(session, clock, actor, keys)
