"""Pictures of models: set, described, removed; and no file is left behind, wherever the server dies."""

import pytest
from sqlalchemy import select

from modelyard.adapters.imaging.base import Cut, CutPicture
from modelyard.adapters.storage.base import StoredFileNotFound
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.catalog import find_model
from modelyard.domain.models.loose_files import LooseFileRemoval, announce_files
from modelyard.domain.models.picture_files import PICTURE, NewPicture, name_picture, parse_address
from modelyard.domain.models.pictures import (
    NoPictureOfItsOwn,
    PictureNotFound,
    Words,
    WordsRejected,
    describe_picture,
    drop_pictures_of_model,
    files_of,
    find_uploaded,
    remove_picture,
    set_picture,
)
from modelyard.domain.models.tables import LooseFile, Picture, Scope
from tests.cast import Cast
from tests.library import add_model, audited, set_scope
from tests.manual_clock import ManualClock

NOTHING = Words()


def new_picture(extension: str = "png") -> NewPicture:
    """A picture as it comes out of the cutter."""
    return name_picture(CutPicture(extension, dict.fromkeys(PICTURE.sizes, Cut(b"original", b"webp"))))


async def _set(
    database: Database, clock: ManualClock, actor: Actor, model_id: str, words: Words = NOTHING
) -> NewPicture:
    picture = new_picture()
    async with database.write() as session:
        announce_files(session, clock, picture.storage_keys)
    async with database.write() as session:
        await set_picture(session, clock, actor, model_id, picture, words)
    return picture


async def _loose(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(LooseFile.storage_key)))


async def test_new_picture_replaces_the_old_one(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    first = await _set(database, clock, cast.alice, model_id)
    assert await _loose(database) == set()

    second = await _set(database, clock, cast.alice, model_id, Words("A caption", "A text"))

    assert await _loose(database) == set(first.storage_keys)
    async with database.read() as session:
        (row,) = (await find_model(session, cast.alice, model_id)).pictures
        assert (row.caption, row.alt, row.extension) == ("A caption", "A text", "png")
        assert files_of(row) == second.storage_keys
        for address in second.files:
            await find_uploaded(session, address)
        with pytest.raises(PictureNotFound):
            await find_uploaded(session, next(iter(first.files)))
    assert await audited(database, f"model/{model_id}") == ["model:created", "model:picture-set", "model:picture-set"]


async def test_words_change_and_go_back_to_what_they_are_by_default(
    database: Database, clock: ManualClock, cast: Cast
) -> None:
    model_id = await add_model(database, cast.alice)
    await _set(database, clock, cast.alice, model_id, Words("Mine"))
    async with database.write() as session:
        await describe_picture(session, clock, cast.alice, model_id, Words(None, "  For   ears "))
    async with database.write() as session:
        await describe_picture(session, clock, cast.alice, model_id, Words(""))
        await describe_picture(session, clock, cast.alice, model_id, NOTHING)

    async with database.read() as session:
        row = (await session.scalars(select(Picture))).one()
    assert (row.caption, row.alt) == (None, "For ears")
    assert (await audited(database, f"model/{model_id}"))[2:] == ["model:picture-described"] * 2


@pytest.mark.parametrize("text", ["x" * 501, "a\x00b", "\ud800"])
async def test_words_that_cannot_be_shown(database: Database, clock: ManualClock, cast: Cast, text: str) -> None:
    model_id = await add_model(database, cast.alice)
    for words in (Words(text), Words(None, text)):
        with pytest.raises(WordsRejected):
            await _set(database, clock, cast.alice, model_id, words)


async def test_removed_picture_releases_its_files(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    picture = await _set(database, clock, cast.alice, model_id)
    async with database.write() as session:
        await remove_picture(session, clock, cast.alice, model_id)

    assert await _loose(database) == set(picture.storage_keys)
    async with database.write() as session:
        with pytest.raises(NoPictureOfItsOwn):
            await remove_picture(session, clock, cast.alice, model_id)
        with pytest.raises(NoPictureOfItsOwn):
            await describe_picture(session, clock, cast.alice, model_id, Words("words"))


async def test_pictures_go_with_their_model(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    picture = await _set(database, clock, cast.alice, model_id)
    async with database.write() as session:
        await drop_pictures_of_model(session, clock, model_id)

    assert await _loose(database) == set(picture.storage_keys)


async def test_colleagues_do_not_set_pictures(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    await set_scope(database, model_id, Scope.ACCOUNT)
    with pytest.raises(NotAllowed):
        await _set(database, clock, cast.bob, model_id)


async def test_files_that_nobody_claimed_are_removed_when_due(database: Database, clock: ManualClock) -> None:
    storage = memory_storage()
    removal = LooseFileRemoval(database, clock, storage)
    await storage.put("pictures/a", b"1")
    async with database.write() as session:
        announce_files(session, clock, ["pictures/a", "pictures/never_stored"])

    assert await removal.remove_due() == 0
    assert await storage.get("pictures/a") == b"1"
    assert await removal.remove_left_over() == 2
    with pytest.raises(StoredFileNotFound):
        await storage.get("pictures/a")
    assert await _loose(database) == set()


def test_addresses_are_read_back() -> None:
    for address in new_picture("jpg").files:
        assert parse_address(address.text) == address
    for text in ("", "a", "a_card", "a_card.gif", "_card.png", "a_card.png.exe", "a_huge.png", "x" * 500 + "_card.png"):
        assert parse_address(text) is None
