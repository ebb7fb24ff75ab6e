"""Lets in whom an identity provider vouches for, and puts them into the teams that their groups say."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.identity.base import Identity
from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import InvalidInput, NotAuthenticated
from modelyard.core.group_teams import GroupTeam, teams_of
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.administrators import LastAdministrator, LastPlatformAdministrator
from modelyard.domain.accounts.api_keys import TOPIC
from modelyard.domain.accounts.granting import known_user_roles
from modelyard.domain.accounts.memberships import add_member, end_membership, set_membership_roles
from modelyard.domain.accounts.naming import check_email, check_name, email_key
from modelyard.domain.accounts.states import AccountStatus, TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Account, Membership, Team, User
from modelyard.domain.audit.record import Outsider, record

SOURCE = "oidc"
_LONGEST_NAME = 100


class IdentityRefused(NotAuthenticated):
    """The provider vouches for somebody whom we do not let in."""


class GroupRolesUnknown(InvalidInput):
    """The settings give roles that do not exist."""

    def __init__(self, roles: Iterable[str], known: Iterable[str]) -> None:
        super().__init__(
            f"MODELYARD_OIDC_TEAMS names roles that do not exist: {', '.join(sorted(roles))}; "
            f"there are: {', '.join(sorted(known))}."
        )


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """What is made of identities.

    Args:
        teams: which groups give which teams and roles. Somebody who signs in through the provider is a member of a
            team that stands here exactly as long as their groups say so; of other teams, as administrators say.
        requires_verified_email: whether addresses that the provider has not verified are refused.
    """

    teams: tuple[GroupTeam, ...] = ()
    requires_verified_email: bool = True


async def check_rules(session: AsyncSession, rules: IdentityRules) -> None:
    """Raises GroupRolesUnknown when the rules give roles that the first account does not have."""
    wanted = {role for each in rules.teams for role in each.roles}
    if wanted and (account := await _first_account(session)):
        known = await known_user_roles(session, account.id)
        if unknown := wanted - set(known):
            raise GroupRolesUnknown(unknown, known)


async def admit(session: AsyncSession, clock: Clock, identity: Identity, rules: IdentityRules) -> User:
    """The user whom an identity stands for; a new one where their groups give them a team.

    Raises IdentityRefused.
    """
    subject = f"{identity.issuer} {identity.subject}"
    query = select(User).where(User.status != UserStatus.DELETED)
    user = (await session.scalars(query.where(User.oidc_subject == subject))).first()
    if rules.requires_verified_email and not identity.email_verified:
        raise IdentityRefused("The identity provider has not verified your e-mail address; have it verified there.")
    if user is None:
        user = await _find_by_email(session, clock, identity, subject)
    if user is None:
        user = await _create(session, clock, identity, subject, rules)
    account = await session.get_one(Account, user.account_id)
    if user.status != UserStatus.ACTIVE or account.status != AccountStatus.ACTIVE:
        raise IdentityRefused("You are not active here; ask an administrator.")
    await _sync_teams(session, clock, user, identity, rules)
    return user


async def _find_by_email(session: AsyncSession, clock: Clock, identity: Identity, subject: str) -> User | None:
    """Somebody whom we know by their address; they are known by their subject from now on."""
    address = email_key(identity.email)
    query = select(User).where(User.email == address, User.status != UserStatus.DELETED)
    user = (await session.scalars(query)).first() if address else None
    if user is None:
        return None
    if user.oidc_subject is not None:
        raise IdentityRefused("Your e-mail address belongs to another identity of the provider; ask an administrator.")
    if not identity.email_verified:
        raise IdentityRefused("Your e-mail address is known here, but not verified at the identity provider.")
    user.oidc_subject = subject
    if user.status == UserStatus.INVITED:
        user.status = UserStatus.ACTIVE
    user.updated_at = clock.now()
    record(session, clock, _subject_of(user), "user:identity:linked", f"user/{user.id}", issuer=identity.issuer)
    ring_after_commit(session, TOPIC)
    return user


async def _create(session: AsyncSession, clock: Clock, identity: Identity, subject: str, rules: IdentityRules) -> User:
    account = await _first_account(session)
    if account is None or not teams_of(identity.groups, rules.teams):
        raise IdentityRefused("You are not known here, and none of your groups has access; ask an administrator.")
    user = User(
        id=new_uuid(),
        account_id=account.id,
        email=check_email(identity.email),
        first_name=check_name(identity.first_name[:_LONGEST_NAME], "firstName", _LONGEST_NAME, may_be_empty=True),
        last_name=check_name(identity.last_name[:_LONGEST_NAME], "lastName", _LONGEST_NAME, may_be_empty=True),
        status=UserStatus.ACTIVE,
        source=SOURCE,
        oidc_subject=subject,
        created_at=clock.now(),
    )
    session.add(user)
    await session.flush()
    record(session, clock, _subject_of(user), "user:created", f"user/{user.id}", issuer=identity.issuer)
    return user


async def _sync_teams(
    session: AsyncSession, clock: Clock, user: User, identity: Identity, rules: IdentityRules
) -> None:
    wanted = teams_of(identity.groups, rules.teams)
    for name in dict.fromkeys(each.team for each in rules.teams):
        team = await _find_team(session, user.account_id, name)
        if name in wanted:
            team = team or await _create_team(session, clock, user, name)
            await _set_roles(session, clock, user, team, sorted(wanted[name]))
        elif team is not None:
            await _leave(session, clock, user, team)


async def _set_roles(session: AsyncSession, clock: Clock, user: User, team: Team, roles: list[str]) -> None:
    membership = await session.get(Membership, (user.id, team.id))
    if membership is None:
        add_member(session, clock, user, team, roles)
        _note(session, clock, user, team, "team:member:added", before=None, after={"roles": roles})
    elif sorted(membership.roles) != roles:
        before = {"roles": list(membership.roles)}
        async with _unless_last(session):
            await set_membership_roles(session, membership, roles, account_id=user.account_id)
            _note(session, clock, user, team, "team:member:changed", before=before, after={"roles": roles})
    await session.flush()


async def _leave(session: AsyncSession, clock: Clock, user: User, team: Team) -> None:
    membership = await session.get(Membership, (user.id, team.id))
    if membership is None:
        return
    before = {"roles": list(membership.roles)}
    async with _unless_last(session):
        keys = await end_membership(session, membership, account_id=user.account_id)
        _note(session, clock, user, team, "team:member:removed", before=before, after=None, keys=list(keys))


@asynccontextmanager
async def _unless_last(session: AsyncSession) -> AsyncIterator[None]:
    """Around a change of a membership: it is undone where the last administrator would be lost."""
    with suppress(LastAdministrator, LastPlatformAdministrator):
        async with session.begin_nested():
            yield


async def _create_team(session: AsyncSession, clock: Clock, user: User, name: str) -> Team:
    team = Team(
        id=new_uuid(),
        account_id=user.account_id,
        name=check_name(name, "team", 200),
        is_admin=False,
        created_at=clock.now(),
    )
    session.add(team)
    await session.flush()
    record(session, clock, _subject_of(user), "team:created", f"team/{team.id}", after={"name": name})
    return team


async def _find_team(session: AsyncSession, account_id: str, name: str) -> Team | None:
    query = select(Team).where(Team.account_id == account_id, Team.name == name, Team.status == TeamStatus.ACTIVE)
    return (await session.scalars(query)).first()


async def _first_account(session: AsyncSession) -> Account | None:
    return (await session.scalars(select(Account).order_by(Account.created_at, Account.id).limit(1))).first()


def _note(session: AsyncSession, clock: Clock, user: User, team: Team, action: str, **change: object) -> None:
    record(session, clock, _subject_of(user), action, f"team/{team.id}", user=user.id, because="groups", **change)


def _subject_of(user: User) -> Outsider:
    return Outsider(user.email, user.account_id, user.id)
