"""The limits of the key that somebody uses, and what it cannot give to others because of them.

What a key with scopes may give is bounded by its permissions, as everybody's is. Networks and an expiry bound where and
how long; but whom such a key gives the rights of an administrator has them everywhere and for good. So it gives none.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.key_limits import Limits, limits_of
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import Grants, administrative
from modelyard.domain.accounts.tables import ApiKey

NO_LIMITS = Limits(frozenset(), (), None)


class RightsOutliveKey(NotAllowed):
    """A key that holds in some networks, or for some time, would give what holds everywhere and for good."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(
            "The key that you use is limited (networks or expiry), so it cannot give the rights of an administrator "
            f"('{permission}'), which would be without these limits; sign in, or use a key without them."
        )


async def read_limits_in_use(session: AsyncSession, actor: Actor) -> Limits:
    """The limits of the key that somebody uses; a signed-in person has none."""
    if actor.session_id is not None:
        return NO_LIMITS
    key = await session.get(ApiKey, actor.key_prefix)
    return limits_of(key) if key else NO_LIMITS


async def require_not_outlived(session: AsyncSession, actor: Actor, *grants: Grants) -> None:
    """Lets pass who may give others all of these with the key in use, as far as its limits go.

    Raises RightsOutliveKey.
    """
    found = [permission for each in grants if (permission := administrative(each))]
    if found and (await read_limits_in_use(session, actor)).are_of_place_or_time:
        raise RightsOutliveKey(found[0])
