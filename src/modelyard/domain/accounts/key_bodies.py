"""The body of a key: shown to its owner once, then only replaced."""

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict, NotAllowed
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.api_keys import KeyStatus, NewKey, give_body
from modelyard.domain.accounts.key_changes import KeyDeleted, is_owned_by
from modelyard.domain.accounts.key_limits import limits_of
from modelyard.domain.accounts.key_queries import KeyWithOwner, find_key_to_change
from modelyard.domain.accounts.limited_keys import require_within_limits
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.project_owners import require_owner_belongs
from modelyard.domain.audit.record import record


class NotTheOwner(NotAllowed):
    """Nobody but its owner has a key's body."""

    def __init__(self) -> None:
        super().__init__("Only the owner of a key can have its body: the person it is for, or the project's owner.")


class BodyShown(Conflict):
    """The body is shown once, and kept nowhere."""

    def __init__(self, prefix: str) -> None:
        super().__init__(
            f"The body of the key {prefix} was shown already, and no copy is kept; "
            "replace it: that makes a new one, and ends the old one."
        )


class KeyNotActive(Conflict):
    """Only a key that works is given out."""

    def __init__(self, prefix: str, status: str) -> None:
        super().__init__(f"The key {prefix} is {status}; an administrator has to activate it before.")


async def show_body(
    session: AsyncSession, clock: Clock, fingerprinter: Fingerprinter, actor: Actor, prefix: str
) -> NewKey:
    """Makes the body of a key and shows it, once. Raises KeyNotFound, NotTheOwner, BodyShown, KeyNotActive, …"""
    found = await _find_own(session, actor, prefix)
    if found.key.retrieved_at is not None:
        raise BodyShown(prefix)
    record(session, clock, actor, "key:body:shown", f"key/{prefix}", before={"shown": False}, after={"shown": True})
    return give_body(session, clock, fingerprinter, found.key)


async def replace_body(
    session: AsyncSession, clock: Clock, fingerprinter: Fingerprinter, actor: Actor, prefix: str
) -> NewKey:
    """A new body under the same prefix; the old one works no more. Raises as `show_body`, but BodyShown."""
    found = await _find_own(session, actor, prefix)
    before = found.key.retrieved_at.isoformat() if found.key.retrieved_at else None
    new = give_body(session, clock, fingerprinter, found.key)
    facts = {"before": {"made": before}, "after": {"made": clock.now().isoformat()}}
    record(session, clock, actor, "key:body:replaced", f"key/{prefix}", **facts)
    return new


async def _find_own(session: AsyncSession, actor: Actor, prefix: str) -> KeyWithOwner:
    require(actor, Permission.USE_PROFILE)
    found = await find_key_to_change(session, actor, prefix)
    if not is_owned_by(actor, found):
        raise NotTheOwner
    if found.project:
        await require_owner_belongs(session, actor, found.project)
    if found.key.status == KeyStatus.DELETED:
        raise KeyDeleted(prefix)
    if found.key.status != KeyStatus.ACTIVE:
        raise KeyNotActive(prefix, found.key.status)
    await require_within_limits(session, actor, limits_of(found.key))
    return found
