"""Lists users with what is shown beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import InvalidInput
from modelyard.core.json_lists import names_in
from modelyard.core.listing import one_page, ordered, paged, portions
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.naming import email_key
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.states import TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Account, ApiKey, Membership, Team, User
from modelyard.domain.accounts.user_access import visible_users

MOST_SOUGHT = 1000
_LAST_ACTIVE = func.coalesce(User.last_active_at, User.created_at)
_FULL_NAME = User.first_name + " " + User.last_name
SORTS: dict[str, Any] = {
    "identifier": User.id,
    "externalIdentifier": User.external_id,
    "firstName": func.lower(User.first_name),
    "lastName": func.lower(User.last_name),
    "title": User.title,
    "email": User.email,
    "status": User.status,
    "source": User.source,
    "lastActiveDateTime": _LAST_ACTIVE,
    "createdAt": User.created_at,
    "updatedAt": func.coalesce(User.updated_at, User.created_at),
    "visited": User.visited,
    "onboarded": User.onboarded,
}
TEXT_FILTERS: dict[str, Any] = {"firstName": User.first_name, "lastName": User.last_name, "email": User.email}
_DATES = {
    "createdat": User.created_at,
    "updatedat": func.coalesce(User.updated_at, User.created_at),
    "lastactivedatetime": _LAST_ACTIVE,
}


class TooManySought(InvalidInput):
    """One search is for so many users at most."""

    def __init__(self, number: int) -> None:
        super().__init__(f"identifiers: at most {MOST_SOUGHT} in one search, not {number}.")


@dataclass(frozen=True, slots=True)
class UserFilter:
    """What to look for; empty means anything. In texts `,` joins alternatives, `;` what must all be there.

    Args:
        texts: by the API's names, see TEXT_FILTERS.
        search: contained in names or address.
        status: words with commas between; without it everybody but the deleted.
        access_key: contained in the prefix or name of one of their keys.
        search_date: which date has to lie between start and end; createdAt unless it is another one that we know.
        team: an identifier.
        role: an identifier; those who have the role in one of their teams.
    """

    texts: dict[str, str] = field(default_factory=dict)
    search: str = ""
    status: str = ""
    access_key: str = ""
    start: datetime | None = None
    end: datetime | None = None
    search_date: str = ""
    team: str = ""
    role: str = ""


class HeldKey(NamedTuple):
    """A key of a user, as it is shown beside them."""

    user_id: str
    prefix: str
    name: str
    status: str
    is_default: bool
    team_id: str
    team_name: str


class TeamRoles(NamedTuple):
    """A team of a user, and what they are in it."""

    user_id: str
    team_id: str
    name: str
    roles: list[str]


@dataclass(slots=True)
class UserFacts:
    """A user with account, living keys and teams."""

    user: User
    account_name: str
    keys: list[HeldKey] = field(default_factory=list)
    teams: list[TeamRoles] = field(default_factory=list)


async def list_users(
    session: AsyncSession, actor: Actor, wanted: UserFilter, page: Page, sort: Sort
) -> Found[UserFacts]:
    """The users that the actor may see, by when they were made unless sorted otherwise."""
    require(actor, Permission.READ_USERS)
    order = ordered(sort, SORTS, User.created_at, User.id)
    query = select(User).where(visible_users(actor), *_conditions(wanted)).order_by(*order)
    users = one_page((await session.scalars(paged(query, page))).all(), page)
    return Found(await read_facts(session, users.entries), users.has_next)


async def search_users(session: AsyncSession, actor: Actor, identifiers: Sequence[str]) -> list[UserFacts]:
    """Those of some users, named by identifier or e-mail address, that the actor may see. Raises TooManySought."""
    require(actor, Permission.READ_USERS)
    if len(identifiers) > MOST_SOUGHT:
        raise TooManySought(len(identifiers))
    emails = set(map(email_key, identifiers))
    named = or_(User.id.in_(set(identifiers)), and_(User.email.in_(emails), User.status != UserStatus.DELETED))
    query = select(User).where(named, visible_users(actor)).order_by(User.created_at, User.id)
    return await read_facts(session, list(await session.scalars(query)))


async def read_facts(session: AsyncSession, users: Sequence[User]) -> list[UserFacts]:
    """What is shown beside users; so many statements, however many users."""
    accounts = await session.execute(
        select(Account.id, Account.name).where(Account.id.in_({user.account_id for user in users}))
    )
    names = {identifier: name for identifier, name in accounts}  # noqa: C416 - rows are no pairs
    facts = [UserFacts(user, names[user.account_id]) for user in users]
    for some in portions(facts):
        await _add_keys_and_teams(session, {one.user.id: one for one in some})
    return facts


async def _add_keys_and_teams(session: AsyncSession, facts: dict[str, UserFacts]) -> None:
    """Reads columns instead of whole rows, for there may be many."""
    keys = (
        select(ApiKey.user_id, ApiKey.prefix, ApiKey.name, ApiKey.status, ApiKey.is_default, Team.id, Team.name)
        .join(Team, Team.id == ApiKey.team_id)
        .where(ApiKey.user_id.in_(facts), ApiKey.project_id.is_(None), ApiKey.status != KeyStatus.DELETED)
        .order_by(ApiKey.created_at, ApiKey.prefix)
    )
    for row in await session.execute(keys):
        facts[row.user_id].keys.append(HeldKey(*row))
    teams = (
        select(Membership.user_id, Team.id, Team.name, Membership.roles)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.user_id.in_(facts), Team.status == TeamStatus.ACTIVE)
        .order_by(Membership.created_at, func.lower(Team.name), Team.id)
    )
    for held in await session.execute(teams):
        if facts[held.user_id].user.status != UserStatus.DELETED:
            facts[held.user_id].teams.append(TeamRoles(*held))


def _conditions(wanted: UserFilter) -> list[ColumnElement[bool]]:
    conditions = [_contains(TEXT_FILTERS[name], text) for name, text in wanted.texts.items() if name in TEXT_FILTERS]
    statuses = {word.strip().lower() for word in wanted.status.replace(";", ",").split(",")}
    if wanted.status and "all" not in statuses:
        conditions.append(User.status.in_([status for status in UserStatus if status.lower() in statuses]))
    elif not wanted.status:
        conditions.append(User.status != UserStatus.DELETED)
    if wanted.search:
        columns = (_FULL_NAME, User.email, User.external_id)
        conditions.append(or_(*(column.icontains(wanted.search, autoescape=True) for column in columns)))
    if wanted.access_key:
        matches = or_(_contains(ApiKey.prefix, wanted.access_key), _contains(ApiKey.name, wanted.access_key))
        conditions.append(User.id.in_(select(ApiKey.user_id).where(matches, ApiKey.status != KeyStatus.DELETED)))
    if wanted.team:
        conditions.append(User.id.in_(select(Membership.user_id).where(Membership.team_id == wanted.team)))
    if wanted.role:
        conditions.append(User.id.in_(select(Membership.user_id).where(names_in(Membership.roles, wanted.role))))
    date = _DATES.get(wanted.search_date.strip().lower(), User.created_at)
    if wanted.start:
        conditions.append(date >= wanted.start)
    if wanted.end:
        conditions.append(date <= wanted.end)
    return conditions


def _contains(column: Any, text: str) -> ColumnElement[bool]:
    alternatives = [
        and_(*(column.icontains(part.strip(), autoescape=True) for part in alternative.split(";")))
        for alternative in text.split(",")
    ]
    return or_(*alternatives)
