"""Teams: create, list, find, rename, remove."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, false, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict, NotAllowed, NotFound
from modelyard.core.ids import new_uuid
from modelyard.core.listing import one_page, ordered, paged
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.account_meant import account_meant
from modelyard.domain.accounts.actor import Actor, may_over, require, within
from modelyard.domain.accounts.administrators import keeping_administrators
from modelyard.domain.accounts.api_keys import TOPIC, KeyStatus
from modelyard.domain.accounts.naming import check_name
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.states import TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Account, ApiKey, Membership, SignedInSession, Team, User
from modelyard.domain.audit.changes import record_change
from modelyard.domain.audit.record import record

LONGEST_NAME = 200
SORTS: dict[str, Any] = {"identifier": Team.id, "name": func.lower(Team.name), "createdAt": Team.created_at}


class TeamNotFound(NotFound):
    """There is no such team, or the caller may not see it."""

    def __init__(self, team_id: str) -> None:
        super().__init__(f"There is no team {team_id[:40]!r} that you may see.")


class TeamExists(Conflict):
    """Two teams of an account cannot have one name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The account has a team {name!r} already; choose another name.")


class TeamBeyondYou(NotAllowed):
    """The caller may see the team, but does not administer it."""

    def __init__(self) -> None:
        super().__init__("You do not administer this team; ask one of its administrators.")


class NotForTeams(NotAllowed):
    """Which teams there are is decided in the admin team."""

    def __init__(self) -> None:
        super().__init__("Teams are created and deleted by administrators in the account's admin team.")


class AdminTeamStays(Conflict):
    """An account cannot be without its admin team."""

    def __init__(self) -> None:
        super().__init__("This is the account's admin team, which cannot be deleted.")


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """A team with what is shown beside it."""

    team: Team
    account_name: str
    members: int


def visible_teams(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor may see a row of `teams`: those within reach, and all one is a member of.

    A project's key sees the project's team.
    """
    own = (
        Team.id == actor.team_id
        if actor.project_id
        else Team.id.in_(select(Membership.team_id).where(Membership.user_id == actor.user_id))
    )
    reached = within(actor, Permission.READ_TEAMS, account=Team.account_id, team=Team.id)
    return or_(own if actor.may(Permission.READ_TEAMS) else false(), reached)


def _facts() -> Any:
    members = (
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(Membership.team_id == Team.id, User.status != UserStatus.DELETED)
        .scalar_subquery()
    )
    return (
        select(Team, Account.name, members)
        .join(Account, Account.id == Team.account_id)
        .where(Team.status == TeamStatus.ACTIVE)
    )


async def list_teams(session: AsyncSession, actor: Actor, search: str, page: Page, sort: Sort) -> Found[TeamFacts]:
    """The teams that the actor may see, by their names unless sorted otherwise."""
    require(actor, Permission.READ_TEAMS)
    query = _facts().where(visible_teams(actor))
    if search:
        query = query.where(Team.name.icontains(search, autoescape=True))
    query = query.order_by(*ordered(sort, SORTS, SORTS["name"], Team.id))
    return one_page([TeamFacts(*row) for row in await session.execute(paged(query, page))], page)


async def find_team(session: AsyncSession, actor: Actor, team_id: str) -> TeamFacts:
    """A team by its identifier. Raises TeamNotFound."""
    require(actor, Permission.READ_TEAMS)
    row = (await session.execute(_facts().where(Team.id == team_id, visible_teams(actor)))).one_or_none()
    if row is None:
        raise TeamNotFound(team_id)
    return TeamFacts(*row)


async def find_managed(session: AsyncSession, actor: Actor, team_id: str) -> Team:
    """The same for somebody who is about to change it. Raises TeamNotFound, TeamBeyondYou."""
    require(actor, Permission.MANAGE_TEAMS)
    team = (await find_team(session, actor, team_id)).team
    if not may_over(actor, Permission.MANAGE_TEAMS, account=team.account_id, team=team.id):
        raise TeamBeyondYou
    return team


async def create_team(
    session: AsyncSession, clock: Clock, actor: Actor, name: str, account_id: str | None = None
) -> TeamFacts:
    """A team without members, in the actor's account unless said otherwise.

    Raises NotForTeams, AccountNotFound, TeamExists.
    """
    require(actor, Permission.MANAGE_TEAMS)
    account = await account_meant(session, actor, Permission.MANAGE_TEAMS, account_id)
    if not may_over(actor, Permission.MANAGE_TEAMS, account=account.id):
        raise NotForTeams
    team = Team(id=new_uuid(), account_id=account.id, name="", is_admin=False, created_at=clock.now())
    await _set_name(session, team, name)
    record(session, clock, actor, "team:created", f"team/{team.id}", after={"name": team.name})
    return TeamFacts(team, account.name, 0)


async def rename_team(session: AsyncSession, clock: Clock, actor: Actor, team_id: str, name: str | None) -> TeamFacts:
    """Gives a team another name; None leaves it. Raises TeamNotFound, TeamBeyondYou, TeamExists."""
    team = await find_managed(session, actor, team_id)
    before = team.name
    if name is not None and check_name(name, "name", LONGEST_NAME) != before:
        await _set_name(session, team, name)
        team.updated_at = clock.now()
        record_change(session, clock, actor, "team:changed", f"team/{team.id}", {"name": before}, {"name": team.name})
    return await find_team(session, actor, team_id)


async def _set_name(session: AsyncSession, team: Team, name: str) -> None:
    name = check_name(name, "name", LONGEST_NAME)
    query = select(Team.name).where(Team.account_id == team.account_id, Team.status != TeamStatus.DELETED)
    others = await session.scalars(query.where(Team.id != team.id, func.lower(Team.name) == name.lower()))
    if others.first() is not None:
        raise TeamExists(name)
    team.name = name
    session.add(team)
    try:
        await session.flush()
    except IntegrityError:  # somebody else was quicker
        raise TeamExists(name) from None


async def find_removable(session: AsyncSession, actor: Actor, team_id: str) -> Team:
    """A team that the actor may delete, as far as people know. Raises TeamNotFound, NotForTeams, AdminTeamStays."""
    require(actor, Permission.MANAGE_TEAMS)
    team = (await find_team(session, actor, team_id)).team
    reach = actor.reach(Permission.MANAGE_TEAMS)
    if reach != Reach.INSTALLATION and (reach != Reach.ACCOUNT or team.account_id != actor.account_id):
        raise NotForTeams
    if team.is_admin:
        raise AdminTeamStays
    return team


async def remove_people(session: AsyncSession, clock: Clock, actor: Actor, team: Team) -> Sequence[str]:
    """Deletes a team with its memberships and keys; returns the keys. Whether it still owns things is asked above."""
    async with keeping_administrators(session, team.account_id):
        members = await session.scalars(
            delete(Membership).where(Membership.team_id == team.id).returning(Membership.user_id)
        )
        keys = await session.scalars(
            update(ApiKey)
            .where(ApiKey.team_id == team.id, ApiKey.status != KeyStatus.DELETED)
            .values(status=KeyStatus.DELETED)
            .returning(ApiKey.prefix)
        )
        before = {"name": team.name, "members": sorted(members)}
        ended = keys.all()
        await session.execute(delete(SignedInSession).where(SignedInSession.team_id == team.id))
        team.status, team.updated_at = TeamStatus.DELETED, clock.now()
    record(session, clock, actor, "team:deleted", f"team/{team.id}", before=before, keys=len(ended))
    ring_after_commit(session, TOPIC)
    return ended
