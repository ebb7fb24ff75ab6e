"""Finds and lists API keys with whom they belong to."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotFound
from modelyard.core.listing import one_page, ordered, paged
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.actor import Actor, require, within
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.naming import email_key
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import Account, ApiKey, Membership, Project, ProjectMember, Team, User

SORTS: dict[str, Any] = {
    "prefix": ApiKey.prefix,
    "name": func.lower(ApiKey.name),
    "status": ApiKey.status,
    "createdAt": ApiKey.created_at,
    "lastActiveDateTime": ApiKey.last_used_at,
    "expiresAt": ApiKey.expires_at,
    "user": User.email,
    "team": func.lower(Team.name),
}
LIVING = tuple(status for status in KeyStatus if status != KeyStatus.DELETED)


class KeyNotFound(NotFound):
    """There is no such key, or the caller may not see it."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"There is no key {prefix[:64]!r} that you may see.")


@dataclass(frozen=True, slots=True)
class KeyWithOwner:
    """A key, whom it belongs to, and the roles that it has."""

    key: ApiKey
    user: User
    account: Account
    team: Team
    project: Project | None
    roles: list[str]

    @property
    def owner_id(self) -> str:
        """Who alone may have its body: the person whose key it is, or the project's owner."""
        return self.project.user_id if self.project else self.key.user_id


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """What to look for; empty means anything. What was deleted is found only by asking for it."""

    user: str = ""
    """An identifier or e-mail address."""
    team: str = ""
    project: str = ""
    statuses: tuple[KeyStatus, ...] = LIVING
    search: str = ""
    """Contained in the prefix, the name, the description or what the user is called, in any case."""


def visible_keys(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor may see a row of `api_keys`; who works in a project sees its keys."""
    columns = {
        "account": ApiKey.account_id,
        "team": ApiKey.team_id,
        "user": ApiKey.user_id,
        "project": ApiKey.project_id,
    }
    reached = within(actor, Permission.READ_KEYS, **columns)
    if actor.project_id is not None or not actor.may(Permission.READ_KEYS):
        return reached
    projects = select(ProjectMember.project_id).where(ProjectMember.user_id == actor.user_id)
    return or_(reached, and_(ApiKey.account_id == actor.account_id, ApiKey.project_id.in_(projects)))


async def find_key(session: AsyncSession, actor: Actor, prefix: str) -> KeyWithOwner:
    """A key by its prefix. Raises RoleMissing, KeyNotFound."""
    require(actor, Permission.READ_KEYS)
    row = (await session.execute(_KEYS.where(ApiKey.prefix == prefix, visible_keys(actor)))).one_or_none()
    if row is None:
        raise KeyNotFound(prefix)
    return _with_owner(*row)


async def find_key_to_change(session: AsyncSession, actor: Actor, prefix: str) -> KeyWithOwner:
    """The same; others who want to change the key wait until the transaction has ended."""
    await session.execute(select(ApiKey.prefix).where(ApiKey.prefix == prefix).with_for_update())
    return await find_key(session, actor, prefix)


async def list_keys(
    session: AsyncSession, actor: Actor, wanted: KeyFilter, page: Page, sort: Sort
) -> Found[KeyWithOwner]:
    """Keys that the actor may see, the oldest first unless sorted otherwise."""
    require(actor, Permission.READ_KEYS)
    order = ordered(sort, SORTS, ApiKey.created_at, ApiKey.prefix)
    query = _KEYS.where(visible_keys(actor), *_conditions(wanted)).order_by(*order)
    return one_page([_with_owner(*row) for row in await session.execute(paged(query, page))], page)


_KEYS = (
    select(ApiKey, User, Account, Team, Project, Membership.roles)
    .join(User, User.id == ApiKey.user_id)
    .join(Account, Account.id == ApiKey.account_id)
    .join(Team, Team.id == ApiKey.team_id)
    .join(Project, Project.id == ApiKey.project_id, isouter=True)
    .join(Membership, and_(Membership.user_id == ApiKey.user_id, Membership.team_id == ApiKey.team_id), isouter=True)
)


def _with_owner(
    key: ApiKey, user: User, account: Account, team: Team, project: Project | None, roles: list[str] | None
) -> KeyWithOwner:
    return KeyWithOwner(key, user, account, team, project, list(key.roles if project else roles or []))


def _conditions(wanted: KeyFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [ApiKey.status.in_(wanted.statuses)]
    if wanted.user:
        conditions.append(or_(User.id == wanted.user, User.email == email_key(wanted.user)))
    if wanted.team:
        conditions.append(ApiKey.team_id == wanted.team)
    if wanted.project:
        conditions.append(ApiKey.project_id == wanted.project)
    if wanted.search:
        columns = (ApiKey.prefix, ApiKey.name, ApiKey.description, User.email, User.first_name, User.last_name)
        conditions.append(or_(*(column.icontains(wanted.search, autoescape=True) for column in columns)))
    return conditions
