"""Roles as pages show them: what they are called and allow, and which of them can be given in a team."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.granting import reason_against
from modelyard.domain.accounts.members import DEFAULT_ROLES
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.role_queries import RoleFacts, list_roles
from modelyard.domain.accounts.roles import ROLES, RoleType
from modelyard.domain.accounts.tables import Team
from modelyard.entrypoints.rest.role_shapes import REACHES

_NOT_YOURS = "You add people as developers; an administrator who assigns roles gives others."


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role with its permissions, and how far each reaches in words.

    Args:
        reason: why the actor cannot give it; empty when they can.
    """

    role: RoleFacts
    rows: Sequence[tuple[Permission, str]]
    reason: str = ""


async def read_role_choices(session: AsyncSession, actor: Actor, team: Team) -> list[RoleChoice]:
    """Those that members of a team can have, by their weight; none where the actor may see no roles."""
    if not actor.may(Permission.READ_ROLES):
        return []
    roles = await list_roles(session, actor, team.account_id)
    return [RoleChoice(role, rows_of(role), _reason(actor, role, team)) for role in roles if role.type == RoleType.USER]


async def read_roles(session: AsyncSession, actor: Actor, account_id: str = "") -> list[RoleFacts]:
    """The roles of an account, as far as the actor may see any."""
    return await list_roles(session, actor, account_id) if actor.may(Permission.READ_ROLES) else []


def names_of(roles: Sequence[RoleFacts]) -> dict[str, str]:
    """What roles are called, by identifier."""
    return {str(role): facts.name for role, facts in ROLES.items()} | {role.identifier: role.name for role in roles}


def rows_of(role: RoleFacts) -> list[tuple[Permission, str]]:
    """What a role allows, in the order of the permissions."""
    return [(permission, REACHES[role.grants[permission]]) for permission in Permission if permission in role.grants]


def _reason(actor: Actor, role: RoleFacts, team: Team) -> str:
    if role.identifier in DEFAULT_ROLES:
        return ""
    if not actor.may(Permission.ASSIGN_ROLES):
        return _NOT_YOURS
    error = reason_against(actor, role.identifier, role.grants, in_admin_team=team.is_admin)
    return error.message if error else ""
