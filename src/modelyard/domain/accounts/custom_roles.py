"""Custom roles of an account: create, change, delete; and what may be put into one.

- Permissions that reach at most an account, by whoever manages roles.
- Permissions that reach the whole installation, by those only who have them so themselves. Such a role can be given by
  platform administrators alone (`granting.py`).
- Into a role for projects' keys, what the prebuilt role for them may do, and nothing else.
- Nobody adds to a role that they have themselves what they do not have already, nor to any what administers more than
  they do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict, InvalidInput, NotAllowed
from modelyard.domain.accounts.account_meant import account_meant
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.api_keys import TOPIC
from modelyard.domain.accounts.granting import OwnRightsRaised, RoleReachesFarther, farther_than
from modelyard.domain.accounts.key_limits import check_permissions
from modelyard.domain.accounts.limits_in_use import require_not_outlived
from modelyard.domain.accounts.naming import check_name
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.role_queries import RoleFacts, RoleNotFound, facts_of, holders_of
from modelyard.domain.accounts.roles import PERMISSIONS, Role, RoleType, custom_grants
from modelyard.domain.accounts.tables import CustomRole, Membership, Team
from modelyard.domain.audit.changes import record_change
from modelyard.domain.audit.record import record

MOST_CUSTOM_ROLES = 200
"""Of an account: all of them are read when somebody's grants are."""
LARGEST_WEIGHT = 1_000_000
_IDENTIFIER = re.compile(r"[A-Z][A-Z0-9_]{1,59}", re.ASCII)
_RESERVED = {*Role, "TEAM_ROLE"}


class RoleRejected(InvalidInput):
    """The role makes no sense as it was asked for."""


class RoleExists(Conflict):
    """Two roles of an account cannot have one identifier."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"There is a role {identifier} already; choose another identifier, or change that one.")


class RoleIsPrebuilt(Conflict):
    """What comes with the platform stays as it is."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"The role {identifier} is prebuilt and cannot be changed; create a role of your own instead.")


class TooManyRoles(Conflict):
    """The account has as many custom roles as it can have."""

    def __init__(self) -> None:
        super().__init__(f"An account can have {MOST_CUSTOM_ROLES} custom roles; delete one before.")


class RoleInUse(Conflict):
    """Somebody has the role."""

    def __init__(self, identifier: str, holders: Sequence[str], total: int) -> None:
        more = f" and {total - len(holders)} more" if total > len(holders) else ""
        named = "; ".join(each[:200] for each in holders)
        super().__init__(f"The role {identifier} is in use; take it away before from: {named}{more}.")


class PermissionBeyondYou(NotAllowed):
    """Somebody puts into a role what reaches farther than they do."""

    def __init__(self, permissions: Sequence[str]) -> None:
        super().__init__(f"You cannot give what you do not have for the whole installation: {', '.join(permissions)}.")


@dataclass(frozen=True, slots=True)
class RoleChanges:
    """What to write of a role; None leaves a field as it is, permissions replace."""

    name: str | None = None
    description: str | None = None
    long_description: str | None = None
    weight: int | None = None
    permissions: Sequence[str] | None = None


async def create_role(
    session: AsyncSession,
    clock: Clock,
    actor: Actor,
    identifier: str,
    wanted: RoleChanges,
    *,
    key_type: str = RoleType.USER,
    account_id: str = "",
) -> RoleFacts:
    """A new role of an account, the caller's unless said otherwise.

    Raises AccountNotFound, RoleRejected, RoleExists, TooManyRoles, PermissionUnknown, PermissionBeyondYou,
    NameRejected, RightsOutliveKey.
    """
    require(actor, Permission.MANAGE_ROLES)
    account = await account_meant(session, actor, Permission.MANAGE_ROLES, account_id)
    if key_type not in set(RoleType):
        raise RoleRejected(f"type: {' or '.join(RoleType)}, not {key_type[:40]!r}.")
    await _check_identifier(session, account.id, identifier)
    values = _read(actor, wanted, key_type)
    await require_not_outlived(session, actor, custom_grants(values.get("permissions", ()), key_type))
    if "name" not in values or "permissions" not in values:
        raise RoleRejected("A role needs a name and entitlements.")
    defaults = {"description": "", "long_description": "", "weight": 100}
    now = clock.now()
    role = CustomRole(account_id=account.id, identifier=identifier, type=key_type, **(defaults | values))
    role.created_at = role.updated_at = now
    session.add(role)
    record(session, clock, actor, "role:created", _target(role), before=None, after=_told(role))
    ring_after_commit(session, TOPIC)
    await session.flush()
    return facts_of(role)


async def change_role(
    session: AsyncSession, clock: Clock, actor: Actor, identifier: str, changes: RoleChanges, account_id: str = ""
) -> RoleFacts:
    """Changes a custom role; who has it may do more or less at once.

    Raises AccountNotFound, RoleNotFound, RoleIsPrebuilt, RoleRejected, PermissionUnknown, PermissionBeyondYou,
    OwnRightsRaised, RoleReachesFarther, RightsOutliveKey, NameRejected.
    """
    role = await _find_to_change(session, actor, identifier, account_id)
    values, before = _read(actor, changes, role.type), _told(role)
    added = set(values.get("permissions", ())) - set(role.permissions)
    if added - set(actor.grants) and await _has(session, actor, role):
        raise OwnRightsRaised
    if permission := farther_than(actor, custom_grants(added, role.type)):
        raise RoleReachesFarther(identifier, permission)
    await require_not_outlived(session, actor, custom_grants(added, role.type))
    for column, value in values.items():
        setattr(role, column, value)
    if record_change(session, clock, actor, "role:changed", _target(role), before, _told(role)):
        role.updated_at = clock.now()
        ring_after_commit(session, TOPIC)
    await session.flush()
    return facts_of(role)


async def delete_role(session: AsyncSession, clock: Clock, actor: Actor, identifier: str, account_id: str = "") -> None:
    """Deletes a custom role that nobody has. Raises AccountNotFound, RoleNotFound, RoleIsPrebuilt, RoleInUse."""
    role = await _find_to_change(session, actor, identifier, account_id)
    holders, total = await holders_of(session, role.account_id, identifier)
    if total:
        raise RoleInUse(identifier, holders, total)
    record(session, clock, actor, "role:deleted", _target(role), before=_told(role), after=None)
    ring_after_commit(session, TOPIC)
    await session.delete(role)


async def _find_to_change(session: AsyncSession, actor: Actor, identifier: str, account_id: str) -> CustomRole:
    require(actor, Permission.MANAGE_ROLES)
    account = await account_meant(session, actor, Permission.MANAGE_ROLES, account_id)
    if identifier in set(Role):
        raise RoleIsPrebuilt(identifier)
    query = select(CustomRole).where(CustomRole.account_id == account.id, CustomRole.identifier == identifier)
    role = (await session.scalars(query.with_for_update())).one_or_none()
    if role is None:
        raise RoleNotFound(identifier)
    return role


async def _check_identifier(session: AsyncSession, account_id: str, identifier: str) -> None:
    if not _IDENTIFIER.fullmatch(identifier):
        raise RoleRejected("identifier: 2 to 60 capital letters, digits and underscores, beginning with a letter.")
    known = (await session.scalars(select(CustomRole.identifier).where(CustomRole.account_id == account_id))).all()
    if identifier in _RESERVED or identifier in known:
        raise RoleExists(identifier)
    if len(known) >= MOST_CUSTOM_ROLES:
        raise TooManyRoles


def _read(actor: Actor, wanted: RoleChanges, key_type: str) -> dict[str, Any]:
    """The columns to write and what they will hold."""
    if wanted.weight is not None and not 0 <= wanted.weight <= LARGEST_WEIGHT:
        raise RoleRejected(f"weight: 0 to {LARGEST_WEIGHT}; lists are in its order.")
    long = wanted.long_description
    values = {
        "name": None if wanted.name is None else check_name(wanted.name, "name", 100),
        "description": None if wanted.description is None else _text(wanted.description, "description", 500),
        "long_description": None if long is None else _text(long, "longDescription", 4000),
        "weight": wanted.weight,
        "permissions": None if wanted.permissions is None else _permissions(actor, wanted.permissions, key_type),
    }
    return {column: value for column, value in values.items() if value is not None}


def _text(text: str, member: str, longest: int) -> str:
    """Several lines, each without what nobody can see."""
    lines = [check_name(line, member, longest, may_be_empty=True) for line in text.strip().splitlines()]
    if sum(map(len, lines)) + len(lines) > longest:
        raise RoleRejected(f"{member}: it may have {longest} characters, this has {len(text)}.")
    return "\n".join(lines)


def _permissions(actor: Actor, names: Sequence[str], key_type: str) -> list[str]:
    permissions = check_permissions(names, "entitlements")
    if not permissions:
        raise RoleRejected("entitlements: at least one; a role without any would allow nothing.")
    grants = custom_grants(permissions, key_type)
    if key_type == RoleType.SYSTEM and (others := [name for name in permissions if name not in grants]):
        possible = ", ".join(PERMISSIONS[Role.PROJECT])
        raise RoleRejected(f"entitlements: not for projects' keys are {', '.join(others)}; possible are: {possible}.")
    far = [permission for permission, reach in grants.items() if reach == Reach.INSTALLATION]
    if beyond := [permission for permission in far if actor.reach(permission) != Reach.INSTALLATION]:
        raise PermissionBeyondYou(beyond)
    return permissions


async def _has(session: AsyncSession, actor: Actor, role: CustomRole) -> bool:
    """Whether the person who asks has the role in one of their teams."""
    query = (
        select(Membership.roles)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.user_id == actor.user_id, Team.account_id == role.account_id)
    )
    return any(role.identifier in roles for roles in await session.scalars(query))


def _target(role: CustomRole) -> str:
    return f"role/{role.account_id}/{role.identifier}"


def _told(role: CustomRole) -> dict[str, Any]:
    """As the audit trail keeps it."""
    columns = ("name", "description", "long_description", "weight", "type", "permissions")
    return {column: getattr(role, column) for column in columns}
