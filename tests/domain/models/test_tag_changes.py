"""What administrators do to tags; models keep what they mean."""

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.domain.models.catalog import change_model, find_model
from modelyard.domain.models.tables import LooseFile, Tag
from modelyard.domain.models.tag_changes import (
    MergedWithItself,
    NoImage,
    TagExists,
    TagInUse,
    TagNotFound,
    TagPredefined,
    delete_tag,
    merge_tag,
    remove_tag_image,
    rename_tag,
    set_tag_image,
)
from modelyard.domain.models.tag_names import bit_of
from tests.cast import CAST
from tests.domain.models.test_pictures import new_picture
from tests.library import add_model, audited
from tests.manual_clock import ManualClock

ALICE, OLGA = CAST.alice, CAST.olga


async def _tagged(database: Database, *tags: str) -> str:
    model_id = await add_model(database, ALICE)
    async with database.write() as session:
        await change_model(session, ManualClock(), ALICE, model_id, tags=list(tags))
    return model_id


async def _tags(database: Database, model_id: str) -> list[tuple[str, str]]:
    async with database.read() as session:
        return [(tag.identifier, tag.name) for tag in (await find_model(session, ALICE, model_id)).tags]


async def test_renamed_tags_stay_on_their_models(database: Database, clock: ManualClock) -> None:
    model_id = await _tagged(database, "old one", "audio")
    async with database.write() as session:
        await rename_tag(session, clock, OLGA, "old_one", "New One")
    assert await _tags(database, model_id) == [("new_one", "New One"), ("audio", "Audio")]

    async with database.write() as session:
        await rename_tag(session, clock, OLGA, "new_one", "NEW one")
        await rename_tag(session, clock, OLGA, "new_one", "NEW one")
    assert (await _tags(database, model_id))[0] == ("new_one", "NEW one")
    assert await audited(database, "tag/old_one") == ["tag:renamed"]
    assert await audited(database, "tag/new_one") == ["tag:renamed"]


async def test_merged_tags_stay_on_their_models(database: Database, clock: ManualClock) -> None:
    first, second = await _tagged(database, "pics", "food"), await _tagged(database, "image", "pics")
    async with database.write() as session:
        tag, number = await merge_tag(session, clock, OLGA, "pics", "Image")

    assert (tag.identifier, number) == ("image", 2)
    assert await _tags(database, first) == [("image", "Image"), ("food", "Food")]
    assert await _tags(database, second) == [("image", "Image")]
    async with database.read() as session:
        assert (await find_model(session, ALICE, first)).tag_bits == bit_of("image") | bit_of("food")
        assert await session.get(Tag, "pics") is None
    assert await audited(database, "tag/pics") == ["tag:merged"]


async def test_unused_tags_are_deleted_with_their_image(database: Database, clock: ManualClock) -> None:
    model_id = await _tagged(database, "mine")
    picture = new_picture()
    async with database.write() as session:
        await set_tag_image(session, clock, OLGA, "mine", picture)
        with pytest.raises(TagInUse, match="1 model has"):
            await delete_tag(session, clock, OLGA, "mine")
    async with database.write() as session:
        await change_model(session, clock, ALICE, model_id, tags=[])
    async with database.write() as session:
        await delete_tag(session, clock, OLGA, "mine")

    async with database.read() as session:
        loose = set(await session.scalars(select(LooseFile.storage_key)))
    assert loose == {f"pictures/{picture.id}_icon.{extension}" for extension in ("png", "webp")}
    assert await audited(database, "tag/mine") == ["tag:image-set", "tag:deleted"]


async def test_what_cannot_be_done(database: Database, clock: ManualClock) -> None:
    await _tagged(database, "mine", "yours")
    async with database.write() as session:
        for step in (rename_tag(session, clock, OLGA, "image", "x"), delete_tag(session, clock, OLGA, "Image")):
            with pytest.raises(TagPredefined):
                await step
        with pytest.raises(TagPredefined):
            await merge_tag(session, clock, OLGA, "image", "mine")
        with pytest.raises(TagExists, match="merge"):
            await rename_tag(session, clock, OLGA, "mine", "Yours")
        with pytest.raises(MergedWithItself):
            await merge_tag(session, clock, OLGA, "mine", "Mine")
        with pytest.raises(NoImage):
            await remove_tag_image(session, clock, OLGA, "mine")
        for nothing in ("nothing", "", "\0", "x" * 1000):
            with pytest.raises(TagNotFound):
                await delete_tag(session, clock, OLGA, nothing)
        with pytest.raises(NotAllowed):
            await rename_tag(session, clock, ALICE, "mine", "Other")
