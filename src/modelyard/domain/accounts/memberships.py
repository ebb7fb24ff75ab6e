"""Begins, changes and ends memberships with all that hangs off them: keys, sessions, and that administrators are left.

Who may do it is asked before, and the audit trail is written by whoever calls.
"""

from collections.abc import Sequence

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.domain.accounts.administrators import keeping_administrators
from modelyard.domain.accounts.api_keys import TOPIC, KeyStatus, add_user_key
from modelyard.domain.accounts.tables import ApiKey, Membership, SignedInSession, Team, User


def add_member(session: AsyncSession, clock: Clock, user: User, team: Team, roles: Sequence[str]) -> ApiKey:
    """Puts a user into a team with these roles; the key comes with it."""
    session.add(Membership(user_id=user.id, team_id=team.id, roles=list(roles), created_at=clock.now()))
    ring_after_commit(session, TOPIC)
    return add_user_key(session, clock, user, team)


async def set_membership_roles(
    session: AsyncSession, membership: Membership, roles: Sequence[str], *, account_id: str
) -> None:
    """Gives a member of an account's team exactly these roles. Raises LastAdministrator, LastPlatformAdministrator."""
    async with keeping_administrators(session, account_id):
        membership.roles = list(roles)
    ring_after_commit(session, TOPIC)


async def end_membership(session: AsyncSession, membership: Membership, *, account_id: str) -> Sequence[str]:
    """Takes a user out of an account's team: their key there is deleted for good, their sessions for it end.

    Returns the keys. Raises LastAdministrator, LastPlatformAdministrator.
    """
    user_id, team_id = membership.user_id, membership.team_id
    async with keeping_administrators(session, account_id):
        await session.delete(membership)
        keys = await end_keys(session, user_id, KeyStatus.DELETED, team_id=team_id)
        of_both = (SignedInSession.user_id == user_id, SignedInSession.team_id == team_id)
        await session.execute(delete(SignedInSession).where(*of_both))
    return keys


async def end_keys(
    session: AsyncSession, user_id: str, status: KeyStatus, *, team_id: str | None = None
) -> Sequence[str]:
    """Deactivates or deletes the keys of a user in a team, None: in all; returns them.

    Keys of projects stay: they belong to all who work there. They rest while their owner is not active, or not in the
    project's team (`project_owners.py`).
    """
    is_open = ApiKey.status != KeyStatus.DELETED if status == KeyStatus.DELETED else ApiKey.status == KeyStatus.ACTIVE
    of_team = [] if team_id is None else [ApiKey.team_id == team_id]
    ended = await session.scalars(
        update(ApiKey)
        .where(ApiKey.user_id == user_id, ApiKey.project_id.is_(None), is_open, *of_team)
        .values(status=status)
        .returning(ApiKey.prefix)
    )
    ring_after_commit(session, TOPIC)
    return ended.all()
