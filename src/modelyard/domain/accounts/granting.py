"""What roles grant, and which of them somebody may give to others."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import InvalidInput, NotAllowed
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.limits_in_use import require_not_outlived
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.roles import (
    PERMISSIONS,
    ROLES,
    Role,
    RoleType,
    custom_grants,
    is_administrative,
    joined,
    prebuilt_grants,
)
from modelyard.domain.accounts.tables import CustomRole, Team

MOST_ROLES = 20


class RoleUnknown(InvalidInput):
    """There is no such role for this kind of key."""

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        names = ", ".join(repr(name[:60]) for name in unknown)
        super().__init__(f"These roles cannot be given here: {names}; possible are: {', '.join(sorted(known))}.")


class RoleBeyondYours(NotAllowed):
    """Somebody gives a role that reaches further than they do."""

    def __init__(self, role: str) -> None:
        super().__init__(f"The role {role} reaches beyond your account; only a platform administrator can give it.")


class RoleReachesFarther(NotAllowed):
    """Somebody gives a role that administers more than they do."""

    def __init__(self, role: str, permission: Permission) -> None:
        super().__init__(
            f"The role {role} includes '{permission}' farther than you have it yourself with what you use now; "
            "ask an administrator who has it."
        )


class OwnRightsRaised(NotAllowed):
    """Somebody gives themselves what they do not have."""

    def __init__(self) -> None:
        super().__init__("You cannot give yourself a role that you do not have; ask another administrator.")


async def read_grants(session: AsyncSession, account_id: str, roles: Iterable[str]) -> dict[Permission, Reach]:
    """What roles of an account allow together; a role that is there no more allows nothing."""
    names = set(roles)
    prebuilt = prebuilt_grants(names)
    if names <= set(Role):
        return prebuilt
    query = select(CustomRole.permissions, CustomRole.type).where(
        CustomRole.account_id == account_id, CustomRole.identifier.in_(names - set(Role))
    )
    custom = [custom_grants(permissions, kind) for permissions, kind in await session.execute(query)]
    return joined([prebuilt, *custom])


def in_team(grants: Mapping[Permission, Reach], *, is_admin: bool) -> dict[Permission, Reach]:
    """How far they reach in a team; the admin team stands for its account."""
    if not is_admin:
        return dict(grants)
    return {each: Reach.ACCOUNT if reach == Reach.TEAM else reach for each, reach in grants.items()}


def farther_than(actor: Actor, grants: Mapping[Permission, Reach]) -> Permission | None:
    """A permission to administer that reaches farther than the actor's own, with the key in use."""
    for permission, reach in grants.items():
        if is_administrative(permission, reach) and (actor.reach(permission) or 0) < reach:
            return permission
    return None


async def check_roles(
    session: AsyncSession, actor: Actor, team: Team, roles: Sequence[str], key_type: RoleType = RoleType.USER
) -> list[str]:
    """The roles without repetition, when the actor may give them to a key of this type in the team.

    Who may be given them (`require_no_raise`) is another question.
    Raises RoleUnknown, RoleBeyondYours, RoleReachesFarther, RightsOutliveKey.
    """
    custom = await _custom_roles(session, team.account_id)
    known = {str(role): PERMISSIONS[role] for role, facts in ROLES.items() if facts.type == key_type}
    known |= {role.identifier: grants_of(role) for role in custom if role.type == key_type}
    wanted = list(dict.fromkeys(roles))
    unknown = [role for role in wanted if role not in known]
    if unknown or not wanted or len(wanted) > MOST_ROLES:
        raise RoleUnknown(unknown[:MOST_ROLES] or ["(none)"], known)
    for role in wanted:
        if reason := reason_against(actor, role, known[role], in_admin_team=team.is_admin):
            raise reason
    await require_not_outlived(session, actor, *(known[role] for role in wanted))
    return wanted


def reason_against(
    actor: Actor, role: str, grants: Mapping[Permission, Reach], *, in_admin_team: bool
) -> NotAllowed | None:
    """Why the actor may not give a role in a team; None when they may."""
    if Reach.INSTALLATION in grants.values() and actor.reach(Permission.ASSIGN_ROLES) != Reach.INSTALLATION:
        return RoleBeyondYours(role)
    permission = farther_than(actor, in_team(grants, is_admin=in_admin_team))
    return RoleReachesFarther(role, permission) if permission else None


async def known_user_roles(session: AsyncSession, account_id: str) -> list[str]:
    """The roles that people of an account can have."""
    custom = await _custom_roles(session, account_id)
    prebuilt = [str(role) for role, facts in ROLES.items() if facts.type == RoleType.USER]
    return [*prebuilt, *(role.identifier for role in custom if role.type == RoleType.USER)]


def grants_of(role: CustomRole) -> dict[Permission, Reach]:
    """What a custom role allows."""
    return custom_grants(role.permissions, role.type)


def require_no_raise(actor: Actor, user_id: str, before: Iterable[str], after: Iterable[str]) -> None:
    """Raises OwnRightsRaised when somebody adds a role to those that they have in a team."""
    if user_id == actor.user_id and not set(after) <= set(before):
        raise OwnRightsRaised


async def _custom_roles(session: AsyncSession, account_id: str) -> Sequence[CustomRole]:
    return (await session.scalars(select(CustomRole).where(CustomRole.account_id == account_id))).all()
