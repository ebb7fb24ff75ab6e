"""Pictures for what has none of its own: which there are, what they show, and where they are.

They are drawn when somebody asks, and stored nowhere. The address holds a digest of all that the picture depends on:
so it changes with the picture, and nobody can make it up who does not know what is shown.
"""

import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import astuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.imaging.base import Artwork, Motif
from modelyard.domain.accounts.tables import Account
from modelyard.domain.models.picture_files import PICTURE, Address
from modelyard.domain.models.pictures import PictureNotFound, find_uploaded, is_uploaded
from modelyard.domain.models.tables import Model, Tag

STYLE = "1"
"""Counts up when pictures are drawn in another way, so that their addresses change."""
EXTENSION = "png"
MOST_AUTHORS = 20
_NAME = re.compile(r"(.{1,120})-([0-9a-f]{20})", re.DOTALL)


def model_artwork(model_id: str, name: str) -> Artwork:
    """What the picture of a model shows."""
    return Artwork(Motif.MODEL, model_id, initials(name))


def logo_artwork(account_id: str, name: str) -> Artwork:
    """What the logo of an account shows."""
    return Artwork(Motif.LOGO, account_id, initials(name))


def tag_artwork(tag: Tag) -> Artwork:
    """What the icon of a predefined tag shows."""
    return Artwork(Motif.TAG, tag.identifier, initials(tag.name), tag.identifier, tag.data_type)


def initials(name: str) -> str:
    """One or two letters: of the first two words, or the first two of the only one; without accents."""
    plain = unicodedata.normalize("NFKD", name)
    words: list[str] = re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    if len(words) > 1:
        return (words[0][0] + words[1][0]).upper()
    return words[0][:2].capitalize() if words else ""


def generated_address(subject: str, artwork: Artwork, relation: str, extension: str = EXTENSION) -> Address:
    """Where the picture of a model, account or tag is. `subject` is its identifier."""
    told = "\0".join((STYLE, subject, *astuple(artwork)))
    digest = hashlib.sha256(told.encode(errors="replace")).hexdigest()[:20]
    return Address(f"{subject}-{digest}", relation, extension)


async def find_picture(session: AsyncSession, address: Address) -> Artwork | None:
    """What to draw for an address; None for an uploaded picture, which is read. Raises PictureNotFound."""
    if is_uploaded(address):
        await find_uploaded(session, address)
        return None
    return await find_generated(session, address)


async def find_generated(session: AsyncSession, address: Address) -> Artwork:
    """What the picture at an address shows. Raises PictureNotFound, also when it would be another one by now."""
    found = _NAME.fullmatch(address.name)
    if found is not None and address.extension in {EXTENSION, "webp"} and "\0" not in found[1]:
        async for artwork in _artworks(session, found[1], address.relation):
            if generated_address(found[1], artwork, address.relation, address.extension) == address:
                return artwork
    raise PictureNotFound


async def _artworks(session: AsyncSession, subject: str, relation: str) -> AsyncIterator[Artwork]:
    """What the picture may show. A model keeps its author's name when the account gets another one."""
    if relation == "icon":
        tag = await session.get(Tag, subject)
        if tag is not None and tag.is_categorical:
            yield tag_artwork(tag)
    elif relation == "logo":
        name = await session.scalar(select(Account.name).where(Account.id == subject))
        if name is not None:
            yield logo_artwork(subject, name)
            authors = select(Model.author).where(Model.account_id == subject).distinct().limit(MOST_AUTHORS)
            for author in await session.scalars(authors):
                yield logo_artwork(subject, author)
    elif relation in PICTURE.sizes:
        name = await session.scalar(select(Model.name).where(Model.id == subject))
        if name is not None:
            yield model_artwork(subject, name)
