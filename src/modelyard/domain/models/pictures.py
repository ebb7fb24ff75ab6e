"""The picture of a model, in the sizes in which the library shows it, and the words that go with it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict, InvalidInput, NotFound
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.changes import differences
from modelyard.domain.audit.record import record
from modelyard.domain.models.catalog import find_model_to_change
from modelyard.domain.models.loose_files import claim_files, release_files
from modelyard.domain.models.picture_files import Address, NewPicture, PictureKind, addresses
from modelyard.domain.models.tables import Model, Picture, Tag

LONGEST_WORDS = 500
_UPLOADED = re.compile(r"[0-9a-f]{32}")


class PictureNotFound(NotFound):
    """There is no such picture."""

    def __init__(self) -> None:
        super().__init__("There is no such picture.")


class NoPictureOfItsOwn(Conflict):
    """The model shows the picture that is made for it."""

    def __init__(self) -> None:
        super().__init__("The model has no picture of its own, but one that is made from its name; upload one first.")


class WordsRejected(InvalidInput):
    """A caption or alternative text cannot be shown."""

    def __init__(self, member: str) -> None:
        super().__init__(f"{member}: at most {LONGEST_WORDS} characters, without control characters.")


@dataclass(frozen=True, slots=True)
class Words:
    """What is said about a picture. None leaves a text as it is; an empty one brings back what it is by default."""

    caption: str | None = None
    alt: str | None = None


def check_words(words: Words) -> Words:
    """The texts, trimmed. Raises WordsRejected."""
    return Words(_check(words.caption, "caption"), _check(words.alt, "alt"))


def _check(text: str | None, member: str) -> str | None:
    if text is None:
        return None
    text = " ".join(text.split())
    if len(text) > LONGEST_WORDS or any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
        raise WordsRejected(member)
    return text


def new_row(picture: NewPicture, kind: PictureKind, words: Words, **owner: Any) -> Picture:
    """The row of an uploaded picture."""
    return Picture(
        id=picture.id,
        kind=kind,
        caption=words.caption or None,
        alt=words.alt or None,
        relations=list(picture.relations),
        extension=picture.extension,
        has_webp=True,
        **owner,
    )


def change_words(picture: Picture, words: Words) -> None:
    """Gives a picture other words."""
    if words.caption is not None:
        picture.caption = words.caption or None
    if words.alt is not None:
        picture.alt = words.alt or None


def words_of(picture: Picture) -> dict[str, Any]:
    """The words of a picture, as the audit trail keeps them: never its address."""
    return {"caption": picture.caption, "alt": picture.alt}


def told(picture: Picture | None) -> dict[str, Any] | None:
    """The same of a picture that may not be there."""
    return words_of(picture) if picture else None


def pictures_of(model: Model, kind: PictureKind) -> list[Picture]:
    """Those of the pictures of one kind, in their order."""
    return [picture for picture in model.pictures if picture.kind == kind]


async def set_picture(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, picture: NewPicture, words: Words
) -> None:
    """Makes a stored picture that of the model. Raises as `find_model_to_change`, and WordsRejected."""
    model = await find_model_to_change(session, actor, model_id)
    replaced = pictures_of(model, PictureKind.PICTURE)
    await drop_pictures(session, clock, replaced)
    row = new_row(picture, PictureKind.PICTURE, check_words(words), model_id=model.id)
    session.add(row)
    await claim_files(session, picture.storage_keys)
    before = told(replaced[0] if replaced else None)
    record(session, clock, actor, "model:picture-set", f"model/{model.id}", before=before, after=told(row))


async def describe_picture(session: AsyncSession, clock: Clock, actor: Actor, model_id: str, words: Words) -> None:
    """Changes the words of the model's picture. Raises NoPictureOfItsOwn, WordsRejected."""
    model = await find_model_to_change(session, actor, model_id)
    found = pictures_of(model, PictureKind.PICTURE)
    if not found:
        raise NoPictureOfItsOwn
    before = words_of(found[0])
    words = check_words(words)
    for picture in found:
        change_words(picture, words)
    if changed := differences(before, words_of(found[0])):
        record(session, clock, actor, "model:picture-described", f"model/{model.id}", **changed)


async def remove_picture(session: AsyncSession, clock: Clock, actor: Actor, model_id: str) -> None:
    """Takes the picture away; from now on the model shows one that is made for it. Raises NoPictureOfItsOwn."""
    model = await find_model_to_change(session, actor, model_id)
    found = pictures_of(model, PictureKind.PICTURE)
    if not found:
        raise NoPictureOfItsOwn
    await drop_pictures(session, clock, found)
    record(session, clock, actor, "model:picture-removed", f"model/{model.id}", before=told(found[0]))


async def drop_pictures(session: AsyncSession, clock: Clock, pictures: list[Picture]) -> None:
    """Deletes pictures; their files go after the commit."""
    if not pictures:
        return
    release_files(session, clock, [key for picture in pictures for key in files_of(picture)])
    await session.execute(delete(Picture).where(Picture.id.in_([picture.id for picture in pictures])))


def files_of(picture: Picture) -> list[str]:
    """Where the files of a picture are kept."""
    of_picture = addresses(picture.id, picture.relations, picture.extension, has_webp=picture.has_webp)
    return [address.storage_key for address in of_picture]


async def drop_pictures_of_model(session: AsyncSession, clock: Clock, model_id: str) -> None:
    """Deletes the picture and the snapshots of a model that is about to be deleted."""
    rows = await session.scalars(select(Picture).where(Picture.model_id == model_id))
    await drop_pictures(session, clock, list(rows))


def is_uploaded(address: Address) -> bool:
    """Whether an address is that of an uploaded picture, if of any."""
    return _UPLOADED.fullmatch(address.name) is not None


async def find_uploaded(session: AsyncSession, address: Address) -> None:
    """Checks that there is an uploaded picture at an address, which nobody can guess. Raises PictureNotFound."""
    picture = await session.get(Picture, address.name)
    if picture is not None:
        there = addresses(picture.id, picture.relations, picture.extension, has_webp=picture.has_webp)
    else:
        extension = await session.scalar(select(Tag.picture_extension).where(Tag.picture_id == address.name))
        there = addresses(address.name, ["icon"], extension) if extension else []
    if address not in there:
        raise PictureNotFound
