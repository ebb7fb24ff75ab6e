"""What somebody cannot do with a limited key: free themselves, or their other keys, of its limits."""

from collections.abc import Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.key_limits import MEMBERS, Limits
from modelyard.domain.accounts.limits_in_use import NO_LIMITS, read_limits_in_use, require_not_outlived
from modelyard.domain.accounts.one_time_links import Purpose
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.tables import User
from modelyard.domain.accounts.user_access import UserBeyondYou, grants_by_team


class LinkFreesKey(NotAllowed):
    """Whoever has a link to a new password is bound by no key."""

    def __init__(self) -> None:
        super().__init__(
            "The key that you use is limited (scopes, networks or expiry), so it cannot ask for a link for its own "
            "user, who could sign in with it without these limits; sign in, or ask an administrator."
        )


class LinkOutlivesKey(NotAllowed):
    """Whoever has a link to a new password of somebody else acts as them, everywhere and for good."""

    def __init__(self) -> None:
        super().__init__(
            "The key that you use is limited (networks or expiry), so it cannot ask for a link to a new password, "
            "which would be without these limits; sign in, or use a key without them."
        )


class KeyLimitedMore(NotAllowed):
    """A limited key would make or give out one that may do more."""

    def __init__(self, members: Iterable[str]) -> None:
        super().__init__(
            f"The key that you use is limited more than the one that you ask for ({', '.join(members)}); "
            "sign in, or use a key without these limits."
        )


async def require_within_limits(
    session: AsyncSession, actor: Actor, limits: Limits, members: Collection[str] = MEMBERS
) -> None:
    """Lets pass who may have a key of their own with these limits. Raises KeyLimitedMore.

    Args:
        members: which of the limits count; the others are as they were.
    """
    beyond = limits.beyond(await read_limits_in_use(session, actor))
    if wider := [member for member in beyond if member in members]:
        raise KeyLimitedMore(wider)


async def require_link_within(session: AsyncSession, actor: Actor, user: User, purpose: Purpose) -> None:
    """Lets pass who may ask for a link of a user with the key in use, beside being over them.

    - A key with any limit asks for no link of its own user.
    - A key with scopes asks for none of somebody who could do, in one of their teams, what the key cannot.
    - A key with networks or an expiry asks for no new password: who has it acts as that user without these limits.
      It invites again whom it could invite itself.

    Raises LinkFreesKey, LinkOutlivesKey, UserBeyondYou, RightsOutliveKey.
    """
    limits = await read_limits_in_use(session, actor)
    if limits == NO_LIMITS:
        return
    if user.id == actor.user_id:
        raise LinkFreesKey
    if limits.are_of_place_or_time and purpose == Purpose.PASSWORD_RESET:
        raise LinkOutlivesKey
    await require_no_administrator(session, actor, user)
    for grants in await grants_by_team(session, user) if limits.scopes else ():
        if any(_is_farther(actor, permission, reach) for permission, reach in grants.items()):
            raise UserBeyondYou


async def require_no_administrator(session: AsyncSession, actor: Actor, user: User) -> None:
    """Lets pass who may give a user back what they have in their teams. Raises RightsOutliveKey."""
    await require_not_outlived(session, actor, *await grants_by_team(session, user))


def _is_farther(actor: Actor, permission: Permission, reach: Reach) -> bool:
    return (actor.reach(permission) or 0) < reach
