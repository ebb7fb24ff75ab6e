"""Who is in a team, and which roles they have there."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict, NotFound
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.granting import check_roles, require_no_raise
from modelyard.domain.accounts.memberships import add_member, end_membership, set_membership_roles
from modelyard.domain.accounts.own_teams import list_own_teams
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.project_owners import find_resting
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import ApiKey, Membership, Team, User
from modelyard.domain.accounts.teams import TeamNotFound, find_managed, find_team
from modelyard.domain.accounts.user_access import UserNotFound, named, require_over_membership, visible_users
from modelyard.domain.audit.record import record

DEFAULT_ROLES = [str(Role.DEVELOPER)]


class MemberNotFound(NotFound):
    """The user is not in the team."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"The team has no member {identifier[:60]!r}.")


class OnlyTeam(Conflict):
    """Who is in no team can do nothing, not even come back."""

    def __init__(self) -> None:
        super().__init__("This is the only team that you are in; ask to be added to another one before you leave it.")


@dataclass(frozen=True, slots=True)
class Member:
    """A user in a team, and the key that they have there."""

    user: User
    membership: Membership
    key_prefix: str | None


async def list_members(session: AsyncSession, actor: Actor, team_id: str) -> list[Member]:
    """The members of a team that the actor may see, by their names. Raises TeamNotFound."""
    await find_team(session, actor, team_id)
    seen = visible_users(actor) if actor.project_id else true()
    query = (
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.team_id == team_id, User.status != UserStatus.DELETED, seen)
        .order_by(User.first_name, User.last_name, User.id)
    )
    of_users = select(ApiKey.user_id, ApiKey.prefix).where(
        ApiKey.team_id == team_id, ApiKey.project_id.is_(None), ApiKey.status != KeyStatus.DELETED
    )
    keys = {user_id: prefix for user_id, prefix in await session.execute(of_users)}  # noqa: C416 - rows are no pairs
    return [Member(user, membership, keys.get(user.id)) for user, membership in await session.execute(query)]


async def set_member(
    session: AsyncSession, clock: Clock, actor: Actor, team_id: str, identifier: str, roles: Sequence[str] | None
) -> Member:
    """Adds a user of the account to a team, with a key, or changes the roles that they have there.

    Who administers a team can add everybody of the account whose identifier or e-mail address they know.

    Args:
        roles: None: as they are; for somebody new, those of a developer.

    Raises TeamNotFound, TeamBeyondYou, UserNotFound, UserBeyondYou, RoleUnknown, RoleBeyondYours, RoleReachesFarther,
    OwnRightsRaised, LastAdministrator, LastPlatformAdministrator.
    """
    team = await find_managed(session, actor, team_id)
    user = await _find_in_account(session, team, identifier)
    await require_over_membership(session, actor, user)
    membership = await session.get(Membership, (user.id, team.id))
    if membership is None:
        wanted = await wanted_roles(session, actor, team, roles)
        require_no_raise(actor, user.id, actor.roles, wanted)
        add_member(session, clock, user, team, wanted)
        action, before = "team:member:added", None
    elif roles is None:
        return await _read_member(session, user, team)
    else:
        wanted, before = await wanted_roles(session, actor, team, roles), list(membership.roles)
        require_no_raise(actor, user.id, before, wanted)
        await set_membership_roles(session, membership, wanted, account_id=team.account_id)
        action = "team:member:changed"
    details = {"user": user.id, "email": user.email, "before": before and {"roles": before}, "after": {"roles": wanted}}
    record(session, clock, actor, action, f"team/{team.id}", **details)
    await session.flush()
    return await _read_member(session, user, team)


async def wanted_roles(session: AsyncSession, actor: Actor, team: Team, roles: Sequence[str] | None) -> list[str]:
    """The roles for a team's member, when the actor may give them; those of a developer are given by being added."""
    if roles is None or list(roles) == DEFAULT_ROLES:
        return list(DEFAULT_ROLES)
    require(actor, Permission.ASSIGN_ROLES)
    return await check_roles(session, actor, team, roles)


async def remove_member(
    session: AsyncSession, clock: Clock, actor: Actor, team_id: str, identifier: str
) -> Sequence[str]:
    """Takes a user out of a team: their key there is deleted for good, their sessions for it end.

    Projects that they own there rest until they have another owner. Returns the keys that work no more, those of these
    projects too. Raises TeamNotFound, TeamBeyondYou, MemberNotFound, UserBeyondYou, LastAdministrator,
    LastPlatformAdministrator.
    """
    team = await find_managed(session, actor, team_id)
    user = await _find_in_account(session, team, identifier)
    membership = await session.get(Membership, (user.id, team.id))
    if membership is None:
        raise MemberNotFound(identifier)
    await require_over_membership(session, actor, user)
    return await _take_out(session, clock, actor, user, team, membership, "team:member:removed")


async def leave_team(session: AsyncSession, clock: Clock, actor: Actor, team_id: str) -> Sequence[str]:
    """Takes the actor themselves out of a team of theirs, as `remove_member` does with others.

    Takes no permission over the team: nobody has to stay. Returns the keys that work no more. Raises RoleMissing,
    TeamNotFound, OnlyTeam, LastAdministrator, LastPlatformAdministrator.
    """
    require(actor, Permission.USE_PROFILE)  # so that no key of a project takes its owner out
    own = {team.id for team in await list_own_teams(session, actor)}
    if team_id not in own:
        raise TeamNotFound(team_id)
    if len(own) == 1:
        raise OnlyTeam
    user, team = await session.get_one(User, actor.user_id), await session.get_one(Team, team_id)
    membership = await session.get_one(Membership, (user.id, team.id))
    return await _take_out(session, clock, actor, user, team, membership, "team:member:left")


async def _take_out(
    session: AsyncSession, clock: Clock, actor: Actor, user: User, team: Team, membership: Membership, action: str
) -> Sequence[str]:
    before, rested = {"roles": list(membership.roles)}, await find_resting(session, user.id)
    keys = await end_membership(session, membership, account_id=team.account_id)
    resting = {each: theirs for each, theirs in (await find_resting(session, user.id)).items() if each not in rested}
    details = {"user": user.id, "email": user.email, "keys": list(keys), "restingProjects": sorted(resting)}
    record(session, clock, actor, action, f"team/{team.id}", before=before, **details)
    return [*keys, *chain.from_iterable(resting.values())]


async def _find_in_account(session: AsyncSession, team: Team, identifier: str) -> User:
    query = select(User).where(named(identifier), User.account_id == team.account_id, User.status != UserStatus.DELETED)
    user = (await session.scalars(query)).first()
    if user is None:
        raise UserNotFound(identifier)
    return user


async def _read_member(session: AsyncSession, user: User, team: Team) -> Member:
    membership = await session.get_one(Membership, (user.id, team.id))
    key = await session.scalar(
        select(ApiKey.prefix).where(
            ApiKey.user_id == user.id,
            ApiKey.team_id == team.id,
            ApiKey.project_id.is_(None),
            ApiKey.status != KeyStatus.DELETED,
        )
    )
    return Member(user, membership, key)
