"""Invites users, and sends them links again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.account_meant import account_meant
from modelyard.domain.accounts.actor import Actor, may_over, require
from modelyard.domain.accounts.letters import has_password
from modelyard.domain.accounts.limited_keys import require_link_within
from modelyard.domain.accounts.members import wanted_roles
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.naming import check_email, check_name
from modelyard.domain.accounts.one_time_links import WANTED_STATUS, LinkSender, Purpose, SentLink
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.states import TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Team, User
from modelyard.domain.accounts.teams import TeamBeyondYou, TeamNotFound, find_team
from modelyard.domain.accounts.user_access import find_user, require_over_user
from modelyard.domain.accounts.users import LONGEST_NAME, LONGEST_TITLE
from modelyard.domain.audit.record import record

LONGEST_EXTERNAL_ID, LONGEST_SOURCE = 320, 40


class EmailTaken(Conflict):
    """E-mail addresses are how people sign in, so each belongs to one user."""

    def __init__(self, email: str) -> None:
        super().__init__(f"There is a user with the e-mail address {email} already; add them to a team instead.")


class AddressNotInvitable(Conflict):
    """The address cannot be used in this account; whether and where it is used is not told."""

    def __init__(self) -> None:
        super().__init__("This address cannot be invited here; ask the platform's administrator.")


class LinkMakesNoSense(Conflict):
    """Somebody of this status cannot use such a link."""

    def __init__(self, purpose: Purpose, status: str) -> None:
        who = "have not accepted one yet" if purpose == Purpose.INVITATION else "are Active and have a password here"
        super().__init__(f"This {purpose} is for users who {who}; this one is {status}.")


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody to invite."""

    first_name: str
    last_name: str
    email: str
    title: str | None = None
    external_id: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was invited, the key that they got, and the way of the invitation."""

    user: User
    key_prefix: str
    link: SentLink = field(repr=False)


async def invite_user(
    session: AsyncSession,
    clock: Clock,
    actor: Actor,
    links: LinkSender,
    new: NewUser,
    *,
    account_id: str,
    team_id: str | None,
    roles: Sequence[str] | None,
    server: str,
) -> Invited:
    """Makes a user in a team, with a key that works once they accept.

    Args:
        team_id: None: the actor's own, or in another account its admin team.
        roles: None: those of a developer.
        server: this server's address, as people reach it.

    Raises RoleMissing, AccountNotFound, TeamNotFound, TeamBeyondYou, EmailTaken, AddressNotInvitable,
    NameRejected, BadMailAddress, RoleUnknown, RoleBeyondYours, RoleReachesFarther, RightsOutliveKey.
    """
    require(actor, Permission.MANAGE_USERS)
    team = await _find_team(session, actor, account_id, team_id)
    given = await wanted_roles(session, actor, team, roles)
    user = await make_user(session, clock, new, team.account_id, sees_all=_sees_all(actor))
    key = add_member(session, clock, user, team, given)
    await session.flush()
    link = await links.send(session, user, Purpose.INVITATION, server)
    after = {"email": user.email, "team": team.id, "roles": given, "status": user.status}
    record(session, clock, actor, "user:invited", f"user/{user.id}", after=after)
    return Invited(user, key.prefix, link)


async def require_invitable(
    session: AsyncSession, actor: Actor, email: str, *, account_id: str, team_id: str | None
) -> None:
    """For those who look before they invite. Raises as `invite_user` does about team and address."""
    require(actor, Permission.MANAGE_USERS)
    team = await _find_team(session, actor, account_id, team_id)
    await _require_free(session, check_email(email), team.account_id, sees_all=_sees_all(actor))


def _sees_all(actor: Actor) -> bool:
    return actor.reach(Permission.MANAGE_USERS) == Reach.INSTALLATION


async def _find_team(session: AsyncSession, actor: Actor, account_id: str, team_id: str | None) -> Team:
    is_own = account_id == actor.account_id
    await account_meant(session, actor, Permission.MANAGE_USERS, account_id)
    if team_id is None and not is_own:
        query = select(Team.id).where(Team.account_id == account_id, Team.is_admin, Team.status == TeamStatus.ACTIVE)
        team_id = await session.scalar(query)
    team = (await find_team(session, actor, team_id or actor.team_id)).team
    if team.account_id != account_id:
        raise TeamNotFound(team_id or "(none)")
    if not may_over(actor, Permission.MANAGE_USERS, account=account_id, team=team.id):
        raise TeamBeyondYou
    return team


async def make_user(
    session: AsyncSession, clock: Clock, new: NewUser, account_id: str, *, sees_all: bool = False
) -> User:
    """An invited user who is in no team yet.

    Args:
        sees_all: whether the one who invites may know who is in other accounts.

    Raises EmailTaken, AddressNotInvitable, NameRejected, BadMailAddress.
    """
    email = check_email(new.email)
    await _require_free(session, email, account_id, sees_all=sees_all)
    external = new.external_id or email
    user = User(
        id=new_uuid(),
        account_id=account_id,
        email=email,
        external_id=check_name(external, "externalIdentifier", LONGEST_EXTERNAL_ID),
        first_name=check_name(new.first_name, "firstName", LONGEST_NAME),
        last_name=check_name(new.last_name, "lastName", LONGEST_NAME),
        title=check_name(new.title or "", "title", LONGEST_TITLE, may_be_empty=True) or None,
        source=check_name(new.source or "local", "source", LONGEST_SOURCE),
        status=UserStatus.INVITED,
        created_at=clock.now(),
    )
    session.add(user)
    try:
        await session.flush()
    except IntegrityError:  # somebody else was quicker
        raise (EmailTaken(email) if sees_all else AddressNotInvitable()) from None
    return user


async def _require_free(session: AsyncSession, email: str, account_id: str, *, sees_all: bool) -> None:
    taken = select(User.account_id).where(User.email == email, User.status != UserStatus.DELETED)
    if owner := await session.scalar(taken):
        raise EmailTaken(email) if sees_all or owner == account_id else AddressNotInvitable


async def send_link(
    session: AsyncSession,
    clock: Clock,
    actor: Actor,
    links: LinkSender,
    purpose: Purpose,
    *,
    account_id: str,
    user_id: str,
    server: str,
) -> SentLink:
    """Sends a user a new invitation, or a way to a new password; earlier ones of the kind are void.

    Raises UserNotFound, LinkMakesNoSense, and as `require_over_user` and `require_link_within`.
    """
    user = await find_user(session, actor, user_id, account_id=account_id)
    await require_over_user(session, actor, user)
    await require_link_within(session, actor, user, purpose)
    if purpose == Purpose.INVITATION and user.status == UserStatus.REJECTED:
        user.status, user.updated_at = UserStatus.INVITED, clock.now()
    if user.status != WANTED_STATUS[purpose] or not has_password(user):
        raise LinkMakesNoSense(purpose, user.status)
    sent = await links.send(session, user, purpose, server)
    action = "user:invitation-sent" if purpose == Purpose.INVITATION else "user:password:reset-sent"
    record(session, clock, actor, action, f"user/{user.id}", by_mail=sent.url is None)
    return sent
