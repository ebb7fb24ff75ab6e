"""The roles of a key: of a user's key those that the user has in the team, of a project's key its own."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor, RoleMissing, require
from modelyard.domain.accounts.api_keys import TOPIC, KeyStatus, key_type
from modelyard.domain.accounts.granting import check_roles, require_no_raise
from modelyard.domain.accounts.key_changes import KeyDeleted, may_manage_key
from modelyard.domain.accounts.key_queries import KeyWithOwner, find_key_to_change
from modelyard.domain.accounts.memberships import set_membership_roles
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import Membership
from modelyard.domain.accounts.user_access import require_over_membership
from modelyard.domain.audit.record import record


class NoMember(Conflict):
    """The key's user has left its team."""

    def __init__(self) -> None:
        super().__init__("The user of this key is no member of its team any more; add them to the team again.")


async def set_key_roles(
    session: AsyncSession, clock: Clock, actor: Actor, prefix: str, roles: Sequence[str]
) -> KeyWithOwner:
    """Gives a key exactly these roles.

    Raises KeyNotFound, KeyDeleted, RoleMissing, RoleUnknown, RoleBeyondYours, RoleReachesFarther,
    OwnRightsRaised, UserBeyondYou, LastAdministrator, LastPlatformAdministrator, NoMember.
    """
    require(actor, Permission.ASSIGN_ROLES)
    found = await find_key_to_change(session, actor, prefix)
    key = found.key
    if not may_manage_key(actor, found, Permission.ASSIGN_ROLES):
        raise RoleMissing(Permission.ASSIGN_ROLES)
    if key.status == KeyStatus.DELETED:
        raise KeyDeleted(prefix)
    wanted = await check_roles(session, actor, found.team, roles, key_type(key))
    if wanted == found.roles:
        return found
    if found.project:
        key.roles = wanted
    else:
        await _set_membership_roles(session, actor, found, wanted)
    facts = {"before": {"roles": found.roles}, "after": {"roles": wanted}}
    record(session, clock, actor, "key:roles:set", f"key/{prefix}", **facts)
    ring_after_commit(session, TOPIC)
    await session.flush()
    return replace(found, roles=wanted)


async def _set_membership_roles(session: AsyncSession, actor: Actor, found: KeyWithOwner, wanted: list[str]) -> None:
    membership = await session.get(Membership, (found.key.user_id, found.key.team_id), with_for_update=True)
    if membership is None:
        raise NoMember
    await require_over_membership(session, actor, found.user, Permission.ASSIGN_ROLES)
    require_no_raise(actor, found.key.user_id, membership.roles, wanted)
    await set_membership_roles(session, membership, wanted, account_id=found.key.account_id)
