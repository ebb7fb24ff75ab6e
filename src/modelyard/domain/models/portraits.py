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
from modelyard.domain.models.loose_files import claim_files, release_files
from modelyard.domain.models.picture_files import MEDIA_TYPES, NewPicture
from modelyard.domain.models.pictures import PictureNotFound


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


async def set_portrait(session: AsyncSession, clock: Clock, actor: Actor, user_id: str, picture: NewPicture) -> User:
    """Makes a stored picture that of somebody."""
    user = await find_to_portray(session, actor, user_id)
    before = user.picture_address
    if user.picture_key:
        release_files(session, clock, [user.picture_key])
    address = next(iter(picture.files))
    user.picture_address, user.picture_key, user.updated_at = address.text, address.storage_key, clock.now()
    await claim_files(session, [address.storage_key])
    details = {"before": {"picture": before}, "after": {"picture": address.text}}
    record(session, clock, actor, "user:picture-set", f"user/{user.id}", **details)
    return user


async def find_portrait(session: AsyncSession, address: str) -> tuple[str, str]:
    """Where a picture is kept, by its address, which nobody can guess, and its media type. Raises PictureNotFound."""
    key = await session.scalar(select(User.picture_key).where(User.picture_address == address))
    if key is None:
        raise PictureNotFound
    return key, MEDIA_TYPES[address.rpartition(".")[2]]
