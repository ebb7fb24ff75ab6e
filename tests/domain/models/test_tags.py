"""Tags of models."""

from importlib import import_module

import pytest
from sqlalchemy import func, select, update

from modelyard.core.database import Database
from modelyard.domain.models.catalog import change_model
from modelyard.domain.models.tables import Model, Scope, Tag
from modelyard.domain.models.tag_names import CUSTOM, LONGEST_TAG, TagsRejected, bit_of, tag_identifier
from modelyard.domain.models.tag_queries import count_tags, find_tags, list_tags
from modelyard.domain.models.tags import create_predefined
from tests.cast import Cast
from tests.library import add_model
from tests.manual_clock import ManualClock

BITS = import_module("modelyard.migrations.versions.0005_pictures_and_tags").BITS


async def _set(database: Database, cast: Cast, model_id: str, tags: list[str]) -> list[Tag]:
    async with database.write() as session:
        return (await change_model(session, ManualClock(), cast.alice, model_id, tags=tags)).tags


@pytest.mark.parametrize(
    ("name", "identifier"), [("Label or Classify", "label_or_classify"), ("  A \t B ", "a_b"), ("Größe", "größe")]
)
def test_identifier(name: str, identifier: str) -> None:
    assert tag_identifier(name) == identifier


def test_a_name_is_cut_before_its_accents_are_put_in_order() -> None:
    assert len(tag_identifier("a" + "\u0300" * 1_000_000 + "\u0327" * 1_000_000)) < 500
    assert tag_identifier("\u1f80" * LONGEST_TAG) == tag_identifier("\u03b1\u0313\u0345" * LONGEST_TAG)


async def test_tags_of_deleted_models_are_not_shown(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    await _set(database, cast, model_id, ["my own", "Image"])
    async with database.write() as session:
        await session.execute(update(Model).where(Model.id == model_id).values(scope=Scope.ALL))
        assert "my_own" in {tag.identifier for tag in await list_tags(session, None)}
        await session.execute(update(Model).where(Model.id == model_id).values(deleted_at=ManualClock().now()))
    async with database.read() as session:
        assert "my_own" not in {tag.identifier for tag in await list_tags(session, None)}
        assert await find_tags(session, None, ["my_own"]) == []
        assert not any(each.models for each in await count_tags(session, None))


async def test_predefined_tags_are_added_once(database: Database) -> None:
    async with database.write() as session:
        before = await session.scalar(select(func.count()).select_from(Tag))
        await create_predefined(session)
        assert await session.scalar(select(func.count()).select_from(Tag)) == before
        assert all(tag.is_categorical for tag in await list_tags(session, None))


async def test_list_replaces_and_keeps_its_order(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    await _set(database, cast, model_id, ["Image", "my own"])
    tags = await _set(database, cast, model_id, ["my own", "label_or_classify", "Image"])

    assert [tag.identifier for tag in tags] == ["my_own", "label_or_classify", "image"]
    assert [tag.name for tag in tags] == ["my own", "Label or Classify", "Image"]
    assert tags[0].data_type == CUSTOM
    assert not tags[0].is_categorical


async def test_repeated_tags_count_once(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)

    assert [tag.identifier for tag in await _set(database, cast, model_id, ["A b", "a_b", " a  b "])] == ["a_b"]


async def test_empty_list_removes_all(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    await _set(database, cast, model_id, ["Image"])

    assert await _set(database, cast, model_id, []) == []


@pytest.mark.parametrize(
    "tags",
    [
        [""],
        ["  "],
        *([name] for name in ("a\0b", "\u202eabc", "\x1b[2J", "\u200b", "\ud800")),
        ["x" * 101],
        ["a" + "\u0300" * 200 + "\u0327" * 200],
        ["."],
        [".."],
        ["same"] * 501,
        [str(number) for number in range(51)],
    ],
)
async def test_bad_tags_change_nothing(database: Database, cast: Cast, tags: list[str]) -> None:
    model_id = await add_model(database, cast.alice)
    await _set(database, cast, model_id, ["Image"])
    with pytest.raises(TagsRejected):
        await _set(database, cast, model_id, ["new tag", *tags])

    async with database.read() as session:
        assert await session.get(Tag, "new_tag") is None


@pytest.mark.parametrize("names", [["My Own", "MY  own", "my_own"], ["my_own", "My Own"]])
async def test_of_several_names_with_one_identifier_the_first_stays(
    database: Database, cast: Cast, names: list[str]
) -> None:
    first, second = await add_model(database, cast.alice), await add_model(database, cast.alice)
    await _set(database, cast, first, names)

    (tag,) = await _set(database, cast, second, list(reversed(names)))

    assert (tag.identifier, tag.name) == ("my_own", names[0])


@pytest.mark.parametrize("name", ["<b>", "a,b", "a;b", "a/b", 'a"b', "a\\b", "a`b", "a\u202eb", "a\x00b", "\ud800"])
async def test_names_that_would_be_read_as_something_else(database: Database, cast: Cast, name: str) -> None:
    model_id = await add_model(database, cast.alice)
    with pytest.raises(TagsRejected, match="may not have"):
        await _set(database, cast, model_id, [name])


async def test_names_of_all_languages(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    names = ["Größe", "Gro\u0308ße", "画像", "C++", "C#", "R&D", "what's new?", "Topics, Ideas, and Sentiment"]
    tags = await _set(database, cast, model_id, names)

    assert [tag.identifier for tag in tags][:3] == ["größe", "画像", "c++"]
    assert len(tags) == 7


async def test_models_say_which_predefined_tags_they_have(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    await _set(database, cast, model_id, ["Image", "my own", "Count"])
    async with database.read() as session:
        model = await session.get_one(Model, model_id)
    assert model.tag_bits == bit_of("image") | bit_of("count")


def test_bits_stay_as_they_were_stored() -> None:
    assert [bit_of(tag) for tag in BITS] == [1 << number for number in range(21)]
    assert bit_of("my_own") == 0
