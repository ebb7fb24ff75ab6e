"""Pictures of people, cut and cleaned as those of models are."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import User
from modelyard.domain.accounts.user_access import find_user, is_oneself, require_over_user
from modelyard.domain.accounts.users import UserDeleted
from modelyard.domain.audit.record import record
from modelyard.domain.models.pictures import CutPicture, PictureNotFound


async def find_to_portray(session: AsyncSession, actor: Actor, user_id: str) -> User:
    """Somebody whose picture the actor may set: themselves, or whom they administer.

    Raises UserNotFound, UserDeleted, and as `require_over_user`.
    """
    user = await find_user(session, actor, user_id)
    if is_oneself(actor, user):
        require(actor, Permission.USE_PROFILE)
    else:
        await require_over_user(session, actor, user)
    if user.status == UserStatus.DELETED:
        raise UserDeleted
    return user


async def set_portrait(
    session: AsyncSession, clock: Clock, actor: Actor, user_id: str, cut: CutPicture
) -> tuple[User, str | None]:
    """Makes a stored cut somebody's picture; returns them and the storage key of the one that it replaces."""
    user = await find_to_portray(session, actor, user_id)
    replaced, before = user.picture_key, user.picture_address
    user.picture_address, user.picture_key, user.updated_at = cut.address, cut.storage_key, clock.now()
    details = {"before": {"picture": before}, "after": {"picture": cut.address}}
    record(session, clock, actor, "user:picture-set", f"user/{user.id}", **details)
    return user, replaced


async def find_portrait(session: AsyncSession, address: str) -> tuple[str, str]:
    """Where a picture is kept, by its address, which nobody can guess, and its media type. Raises PictureNotFound."""
    key = await session.scalar(select(User.picture_key).where(User.picture_address == address))
    if key is None:
        raise PictureNotFound
    return key, "image/png" if address.endswith(".png") else "image/jpeg"
