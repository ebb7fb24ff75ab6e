"""Which users somebody may see, and whom they may change."""

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotAllowed, NotFound
from modelyard.domain.accounts.actor import Actor, RoleMissing, require
from modelyard.domain.accounts.granting import farther_than, in_team, read_grants
from modelyard.domain.accounts.naming import email_key
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Membership, Team, User


class UserNotFound(NotFound):
    """There is no such user, or the caller may not see them."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"There is no user {identifier[:60]!r} that you may see.")


class UserBeyondYou(NotAllowed):
    """The user's rights reach farther than the caller's."""

    def __init__(self) -> None:
        super().__init__("This user's roles reach farther than yours; ask an administrator whose roles reach as far.")


class UserInOtherTeams(NotAllowed):
    """The user belongs to other teams, too, which have a say."""

    def __init__(self) -> None:
        super().__init__(
            "This user is in other teams, too: you can change their roles in your team or remove them from it; "
            "the rest is for an administrator of the account."
        )


def visible_users(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor may see a row of `users`.

    A team reaches its members. A project's key reaches nobody: what is the project's own is no person.
    """
    reach = actor.reach(Permission.READ_USERS)
    if reach == Reach.INSTALLATION:
        return true()
    same_account = User.account_id == actor.account_id
    if reach == Reach.ACCOUNT:
        return same_account
    sees_oneself = actor.project_id is None and (reach or actor.may(Permission.USE_PROFILE))
    reasons: list[ColumnElement[bool]] = [User.id == actor.user_id] if sees_oneself else []
    if reach == Reach.TEAM:
        reasons.append(User.id.in_(select(Membership.user_id).where(Membership.team_id == actor.team_id)))
    return and_(same_account, or_(false(), *reasons))


def is_oneself(actor: Actor, user: User) -> bool:
    """Whether a person asks about themselves; a project's key is no person."""
    return user.id == actor.user_id and actor.project_id is None


async def find_user(session: AsyncSession, actor: Actor, identifier: str, *, account_id: str | None = None) -> User:
    """A user by their identifier or e-mail address, in any case. Raises UserNotFound.

    An address belongs to somebody who is there; who was deleted is found by the identifier only.

    Args:
        account_id: where they have to be; None: anywhere within reach.
    """
    where = [named(identifier), visible_users(actor)]
    if account_id is not None:
        where.append(User.account_id == account_id)
    user = (await session.scalars(select(User).where(*where))).first()
    if user is None:
        raise UserNotFound(identifier)
    return user


def named(identifier: str) -> ColumnElement[bool]:
    """The condition under which a row of `users` is meant."""
    return or_(User.id == identifier, and_(User.email == email_key(identifier), User.status != UserStatus.DELETED))


async def require_over_user(session: AsyncSession, actor: Actor, user: User) -> None:
    """Lets pass who may rename, deactivate, delete a user, or give them a way to a new password.

    - A platform administrator: everybody.
    - Who reaches the account (team administrators in the admin team): everybody in it.
    - Who reaches a team: its members who are in no other team. Of members who are in others, too, they can change
      the roles in their own team, and end the membership (`members.py`), and nothing else.
    - Nobody changes those whose rights reach farther than their own, as the key in use has them: who can change a
      person can become them.

    Raises RoleMissing, UserNotFound, UserInOtherTeams, UserBeyondYou.
    """
    require(actor, Permission.MANAGE_USERS)
    reach = actor.reach(Permission.MANAGE_USERS)
    if user.account_id != actor.account_id and reach != Reach.INSTALLATION:
        raise UserNotFound(user.id)
    teams = await _roles_by_team(session, user)
    if reach == Reach.OWN or (reach == Reach.TEAM and actor.team_id not in {team.id for team, _ in teams}):
        raise RoleMissing(Permission.MANAGE_USERS)
    if reach == Reach.TEAM and len(teams) > 1:
        raise UserInOtherTeams
    for grants in await grants_by_team(session, user):
        if farther_than(actor, grants):
            raise UserBeyondYou


async def require_over_membership(
    session: AsyncSession, actor: Actor, user: User, permission: Permission = Permission.MANAGE_TEAMS
) -> None:
    """Only platform administrators change memberships, and keys, of platform administrators. Raises UserBeyondYou.

    Args:
        permission: what the change needs; who has it for the whole installation administers the platform.
    """
    if actor.reach(permission) == Reach.INSTALLATION:
        return
    if any(Role.SYSTEM_OWNER in roles for _, roles in await _roles_by_team(session, user)):
        raise UserBeyondYou


async def grants_by_team(session: AsyncSession, user: User) -> list[dict[Permission, Reach]]:
    """What a user may do in each of their teams."""
    return [
        in_team(await read_grants(session, team.account_id, roles), is_admin=team.is_admin)
        for team, roles in await _roles_by_team(session, user)
    ]


async def _roles_by_team(session: AsyncSession, user: User) -> list[tuple[Team, list[str]]]:
    query = (
        select(Team, Membership.roles)
        .join(Membership, Membership.team_id == Team.id)
        .where(Membership.user_id == user.id, Team.status == TeamStatus.ACTIVE)
    )
    return [(team, roles) for team, roles in await session.execute(query)]
