"""Roles as people see them: the prebuilt ones, and those that administrators made for an account."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotFound
from modelyard.core.json_lists import names_in
from modelyard.domain.accounts.account_meant import account_meant
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.granting import grants_of
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import PERMISSIONS, ROLES, Grants, Role
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import Account, ApiKey, CustomRole, Membership, Team, User

MOST_HOLDERS_TOLD = 20


class RoleNotFound(NotFound):
    """There is no such role in the account, or the caller may not see it."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"There is no role {identifier[:60]!r} that you may see.")


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """A role, whoever made it."""

    identifier: str
    name: str
    description: str
    long_description: str
    weight: int
    type: str
    grants: Grants
    is_prebuilt: bool


async def list_roles(session: AsyncSession, actor: Actor, account_id: str = "") -> list[RoleFacts]:
    """The prebuilt roles and those of an account, the caller's unless said otherwise, by weight.

    Raises AccountNotFound.
    """
    require(actor, Permission.READ_ROLES)
    account = await account_meant(session, actor, Permission.READ_ROLES, account_id)
    custom = await session.scalars(select(CustomRole).where(CustomRole.account_id == account.id))
    roles = [_prebuilt(role) for role in Role] + [facts_of(role) for role in custom]
    return sorted(roles, key=lambda role: (role.weight, role.identifier))


async def find_role(session: AsyncSession, actor: Actor, identifier: str, account_id: str = "") -> RoleFacts:
    """A role by its identifier, which is case-sensitive. Raises RoleNotFound, AccountNotFound."""
    require(actor, Permission.READ_ROLES)
    account = await account_meant(session, actor, Permission.READ_ROLES, account_id)
    if identifier in set(Role):
        return _prebuilt(Role(identifier))
    role = await session.get(CustomRole, (account.id, identifier))
    if role is None:
        raise RoleNotFound(identifier)
    return facts_of(role)


async def holders_of(session: AsyncSession, account_id: str, identifier: str) -> tuple[list[str], int]:
    """Who has a custom role: the first ones in words, and how many there are in all."""
    members = (
        select(User.email, Team.name, func.count().over())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .join(Team, Team.id == Membership.team_id)
        .where(Team.account_id == account_id, User.status != UserStatus.DELETED, names_in(Membership.roles, identifier))
        .order_by(User.email, Team.name)
    )
    keys = (
        select(ApiKey.prefix, func.count().over())
        .where(
            ApiKey.account_id == account_id,
            ApiKey.status != KeyStatus.DELETED,
            ApiKey.project_id.is_not(None),
            names_in(ApiKey.roles, identifier),
        )
        .order_by(ApiKey.prefix)
    )
    found_members = (await session.execute(members.limit(MOST_HOLDERS_TOLD))).all()
    found_keys = (await session.execute(keys.limit(MOST_HOLDERS_TOLD))).all()
    account = await session.get_one(Account, account_id)
    words = [f"{email} in {team}" for email, team, _ in found_members] + [f"the key {key}" for key, _ in found_keys]
    approves = ["those who approve versions of the account"] if identifier in account.approval_roles else []
    return (words + approves)[:MOST_HOLDERS_TOLD], _total(found_members) + _total(found_keys) + len(approves)


def facts_of(role: CustomRole) -> RoleFacts:
    """A custom role as people see it."""
    return RoleFacts(
        role.identifier,
        role.name,
        role.description,
        role.long_description,
        role.weight,
        role.type,
        grants_of(role),
        is_prebuilt=False,
    )


def _prebuilt(role: Role) -> RoleFacts:
    facts, grants = ROLES[role], PERMISSIONS[role]
    long = " ".join([facts.description, *(permission.meaning for permission in Permission if permission in grants)])
    return RoleFacts(role, facts.name, facts.description, long, facts.weight, facts.type, grants, is_prebuilt=True)


def _total(rows: Sequence[tuple[object, ...]]) -> int:
    total = rows[0][-1] if rows else 0
    return total if isinstance(total, int) else 0
