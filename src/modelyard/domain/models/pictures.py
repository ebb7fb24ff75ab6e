"""The picture of a model, in the sizes in which the library shows it."""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import NotFound
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.record import record
from modelyard.domain.models.catalog import find_model_to_change
from modelyard.domain.models.tables import Picture

LARGEST_FILE = 5_000_000
"""Bytes of an uploaded picture."""
LONGEST_CAPTION = 500


class PictureNotFound(NotFound):
    """There is no such picture."""

    def __init__(self) -> None:
        super().__init__("There is no such picture.")


@dataclass(frozen=True, slots=True)
class CutPicture:
    """One size of a picture, encoded and named."""

    relation_type: str
    address: str
    media_type: str
    data: bytes

    @property
    def storage_key(self) -> str:
        """Where it is kept."""
        return f"pictures/{self.address}"


async def set_picture(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, cuts: list[CutPicture], *, caption: str
) -> list[str]:
    """Makes stored cuts the model's picture; returns the storage keys of those they replace."""
    model = await find_model_to_change(session, actor, model_id)
    replaced = [picture.storage_key for picture in model.pictures]
    before = {"caption": model.pictures[0].caption} if model.pictures else None
    caption = (caption or model.name)[:LONGEST_CAPTION]
    await session.execute(delete(Picture).where(Picture.model_id == model.id))
    session.add_all(
        Picture(
            model_id=model.id,
            address=cut.address,
            relation_type=cut.relation_type,
            caption=caption,
            media_type=cut.media_type,
            storage_key=cut.storage_key,
        )
        for cut in cuts
    )
    after = {"caption": caption}
    record(session, clock, actor, "model:picture-set", f"model/{model.id}", before=before, after=after)
    return replaced


async def find_picture(session: AsyncSession, address: str) -> Picture:
    """A picture by its address, which nobody can guess. Raises PictureNotFound."""
    picture = (await session.scalars(select(Picture).where(Picture.address == address))).one_or_none()
    if picture is None:
        raise PictureNotFound
    return picture
