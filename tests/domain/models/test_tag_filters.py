"""Conditions on tags, as addresses have them."""

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.errors import InvalidInput
from modelyard.domain.models.catalog import change_model
from modelyard.domain.models.tables import Model
from modelyard.domain.models.tag_filters import has_tags, read_identifiers, read_tag_filter
from tests.cast import Cast
from tests.library import add_model
from tests.manual_clock import ManualClock

TOPICS = "topics,_ideas,_and_sentiment"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("image", [["image"]]),
        ("image,Time Series", [["image"], ["time_series"]]),
        ("image;audio, food", [["image", "audio"], ["food"]]),
        (TOPICS, [[TOPICS]]),
        ("Topics, Ideas, and Sentiment", [[TOPICS]]),
        (f"image;{TOPICS},food", [["image", TOPICS], ["food"]]),
        (f"{TOPICS},video,_images,_and_illustrations", [[TOPICS], ["video,_images,_and_illustrations"]]),
        ("my topics, ideas, and sentiment", [["my_topics"], ["ideas"], ["and_sentiment"]]),
    ],
)
def test_texts_are_read(text: str, wanted: list[list[str]]) -> None:
    found = read_tag_filter(text)
    assert found is not None
    assert [list(each) for each in found.alternatives] == wanted


def test_empty_and_endless_texts() -> None:
    for text in ("", " ", ",", ";,;"):
        assert read_tag_filter(text) is None
    with pytest.raises(InvalidInput, match="50"):
        read_tag_filter(",".join(str(number) for number in range(51)))
    assert len(read_identifiers(",".join(str(number) for number in range(1000)))) == 50
    assert read_identifiers(f"image,{TOPICS},image") == ["image", TOPICS]


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("image,audio", "Input Type"),
        ("image", "Input Type"),
        ("image;audio", None),
        ("image,food", None),
        ("own", None),
    ],
)
def test_alternatives_of_one_category(text: str, category: str | None) -> None:
    found = read_tag_filter(text)
    assert found is not None
    assert found.category == category


async def test_models_are_found(database: Database, cast: Cast) -> None:
    by_name = {}
    for name, tags in {"one": ["image", "own"], "two": ["image", TOPICS], "three": ["audio"], "four": []}.items():
        model_id = by_name[name] = await add_model(database, cast.alice, name=name)
        async with database.write() as session:
            await change_model(session, ManualClock(), cast.alice, model_id, tags=tags)

    async def found(text: str) -> set[str]:
        wanted = read_tag_filter(text)
        assert wanted is not None
        async with database.read() as session:
            return set(await session.scalars(select(Model.name).where(has_tags(wanted))))

    assert await found("image") == {"one", "two"}
    assert await found("image;own") == {"one"}
    assert await found(f"image;own,audio,{TOPICS}") == {"one", "two", "three"}
    assert await found("image;audio") == set()
    assert await found("unheard of") == set()
