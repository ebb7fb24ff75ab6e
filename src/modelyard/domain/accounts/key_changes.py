"""Changes of API keys: status, priority, name, labels and limits; and who may make which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict, InvalidInput, NotAllowed
from modelyard.domain.accounts.actor import Actor, RoleMissing, may_over
from modelyard.domain.accounts.api_keys import TOPIC, KeyStatus
from modelyard.domain.accounts.key_limits import (
    MEMBERS,
    Limits,
    check_networks,
    check_permissions,
    limits_of,
    read_networks,
)
from modelyard.domain.accounts.key_queries import KeyWithOwner, find_key_to_change
from modelyard.domain.accounts.limited_keys import require_no_administrator, require_within_limits
from modelyard.domain.accounts.naming import NameRejected, check_name
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.project_owners import require_owner_belongs
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import ApiKey
from modelyard.domain.accounts.user_access import require_over_membership
from modelyard.domain.audit.changes import before_and_after, record_change

LONGEST_NAME, LONGEST_DESCRIPTION = 200, 2000
LONGEST_LABEL, MOST_LABELS = 60, 50
TRANSITIONS: dict[KeyStatus, set[KeyStatus]] = {
    KeyStatus.ACTIVE: {KeyStatus.INACTIVE, KeyStatus.DELETED},
    KeyStatus.INACTIVE: {KeyStatus.ACTIVE, KeyStatus.DELETED},
    KeyStatus.DELETED: set(),
}
_FOR_OWNERS = {"name", "description", "labels"}


class KeyDeleted(Conflict):
    """What was deleted stays so."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"The key {prefix} is Deleted, which is final.")


class KeyTransitionRefused(Conflict):
    """A key cannot go from one status to the other."""

    def __init__(self, before: str, after: str) -> None:
        possible = ", ".join(sorted(TRANSITIONS[KeyStatus(before)]))
        super().__init__(f"A key that is {before} cannot become {after}; possible are: {possible}.")


class OwnerNotActive(Conflict):
    """A key works only for somebody who is active."""

    def __init__(self, status: str) -> None:
        super().__init__(f"The owner of the key is {status}; a key can be activated once its owner is Active.")


class NotYourKey(NotAllowed):
    """The caller may see the key, but not change this of it."""

    def __init__(self) -> None:
        super().__init__("You may change name, description and labels of your own keys; the rest administrators do.")


class KeyWidensItself(NotAllowed):
    """A key may narrow what it is limited to, and never the opposite."""

    def __init__(self, member: str) -> None:
        super().__init__(f"{member}: a key cannot change this of itself to have more; sign in, or ask another key.")


class ExpiryPassed(InvalidInput):
    """A key cannot end before now."""

    def __init__(self) -> None:
        super().__init__("expiresAt lies in the past; to stop the key now, set its status to Inactive.")


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """What to change of a key; None leaves a field as it is, lists replace."""

    name: str | None = None
    description: str | None = None
    labels: Sequence[str] | None = None
    status: KeyStatus | None = None
    is_high_priority: bool | None = None
    expires_at: datetime | None = None
    without_expiry: bool = False
    scopes: Sequence[str] | None = None
    networks: Sequence[str] | None = None


async def change_key(
    session: AsyncSession, clock: Clock, actor: Actor, prefix: str, changes: KeyChanges
) -> KeyWithOwner:
    """Changes a key. `jobs.stopped_keys` does it for everybody else: jobs of a key that stops are canceled.

    Raises KeyNotFound, KeyDeleted, RoleMissing, NotYourKey, OwnerLeft, UserBeyondYou, KeyWidensItself, KeyLimitedMore,
    RightsOutliveKey, KeyTransitionRefused, OwnerNotActive, ExpiryPassed, PermissionUnknown, NetworkRejected,
    TooManyNetworks, NameRejected.
    """
    found = await find_key_to_change(session, actor, prefix)
    wanted = _read(clock, changes)
    await _require_over(session, actor, found, set(wanted))
    before, changed = before_and_after(found.key, wanted)
    if found.key.status == KeyStatus.DELETED and changed:
        raise KeyDeleted(prefix)
    if not changed:
        return found
    _check_status(found, changed.get("status"))
    if actor.session_id is None and actor.key_prefix == prefix:
        _require_narrower(found.key, changed)
    elif actor.user_id in {found.owner_id, found.key.user_id}:
        wakes = changed.get("status") == KeyStatus.ACTIVE
        members = [member for member, column in MEMBERS.items() if wakes or column in changed]
        await require_within_limits(session, actor, _limits_after(found.key, changed), members)
    else:
        await _require_gives_no_more(session, actor, found, changed)
    for column, value in changed.items():
        setattr(found.key, column, value)
    action = "key:deleted" if changed.get("status") == KeyStatus.DELETED else "key:changed"
    record_change(session, clock, actor, action, f"key/{prefix}", before, changed)
    ring_after_commit(session, TOPIC)
    await session.flush()
    return found


def _read(clock: Clock, changes: KeyChanges) -> dict[str, Any]:
    """The columns to change and what they will hold."""
    if changes.expires_at and changes.expires_at <= clock.now():
        raise ExpiryPassed
    wanted = {
        "name": None if changes.name is None else check_name(changes.name, "name", LONGEST_NAME),
        "description": None if changes.description is None else _description(changes.description),
        "labels": None if changes.labels is None else _labels(changes.labels),
        "status": changes.status,
        "is_high_priority": changes.is_high_priority,
        "expires_at": changes.expires_at,
        "scopes": None if changes.scopes is None else check_permissions(changes.scopes, "scopes"),
        "networks": None if changes.networks is None else check_networks(changes.networks),
    }
    given = {column: value for column, value in wanted.items() if value is not None}
    return given | {"expires_at": None} if changes.without_expiry else given


def _description(text: str) -> str:
    return check_name(text, "description", LONGEST_DESCRIPTION, may_be_empty=True)


def _labels(labels: Sequence[str]) -> list[str]:
    if len(labels) > MOST_LABELS:
        raise NameRejected("labels", f"at most {MOST_LABELS}")
    return list(dict.fromkeys(check_name(label, "labels", LONGEST_LABEL) for label in labels))


async def _require_over(session: AsyncSession, actor: Actor, found: KeyWithOwner, columns: set[str]) -> None:
    is_owner = is_owned_by(actor, found) and actor.may(Permission.USE_PROFILE)
    if found.project:
        await require_owner_belongs(session, actor, found.project)
    if is_owner and columns <= _FOR_OWNERS:
        return
    if not actor.may(Permission.MANAGE_KEYS) and not is_owner:
        raise RoleMissing(Permission.MANAGE_KEYS)
    if not may_manage_key(actor, found):
        raise NotYourKey
    if found.project is None:
        await require_over_membership(session, actor, found.user, Permission.MANAGE_KEYS)


def is_owned_by(actor: Actor, found: KeyWithOwner) -> bool:
    """Whether the actor is the person whose key, or whose project's key, it is. A project's key is no person."""
    return found.owner_id == actor.user_id and actor.project_id is None


def may_manage_key(actor: Actor, found: KeyWithOwner, permission: Permission = Permission.MANAGE_KEYS) -> bool:
    """Whether the actor administers the key: those of their team, their account, or all."""
    key = found.key
    return actor.project_id is None and may_over(
        actor, permission, account=key.account_id, team=key.team_id, user=key.user_id, project=key.project_id
    )


def _check_status(found: KeyWithOwner, after: KeyStatus | None) -> None:
    if after is None:
        return
    if after not in TRANSITIONS[KeyStatus(found.key.status)]:
        raise KeyTransitionRefused(found.key.status, after)
    if after == KeyStatus.ACTIVE and found.user.status != UserStatus.ACTIVE:
        raise OwnerNotActive(found.user.status)


def _require_narrower(key: ApiKey, changed: dict[str, Any]) -> None:
    """A key that leaks cannot be made worse with the key itself; nor can it lock its owner out."""
    if "status" in changed:
        raise KeyWidensItself("status")
    if changed.get("is_high_priority"):
        raise KeyWidensItself("isHighPriority")
    if wider := _limits_after(key, changed).beyond(limits_of(key)):
        raise KeyWidensItself(", ".join(wider))


async def _require_gives_no_more(
    session: AsyncSession, actor: Actor, found: KeyWithOwner, changed: dict[str, Any]
) -> None:
    """A limited key takes from the keys of others what it likes, and gives them nothing beyond its own limits."""
    after = _limits_after(found.key, changed)
    await require_within_limits(session, actor, after, after.beyond(limits_of(found.key)))
    if changed.get("status") == KeyStatus.ACTIVE and found.project is None:
        await require_no_administrator(session, actor, found.user)


def _limits_after(key: ApiKey, changed: dict[str, Any]) -> Limits:
    return Limits(
        frozenset(changed.get("scopes", key.scopes)),
        read_networks(changed.get("networks", key.networks)),
        changed.get("expires_at", key.expires_at),
    )
