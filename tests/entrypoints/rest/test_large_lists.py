"""Lists that would be too large for one answer: nothing is left out without a word, and all of it can be read."""

from typing import Any

import pytest
from sqlalchemy import insert, select, update

from modelyard.app import Platform
from modelyard.core.listing import parts_of
from modelyard.domain.models.queries import MOST_TAGS_SHOWN
from modelyard.domain.models.tables import Model, ModelTag, Scope, Tag, Version
from modelyard.domain.models.version_queries import MOST_CHARACTERS
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import expect, expect_error
from tests.library import add_model

VERSIONS = "/api/models/all/versions/all"
TAGGED = "/api/models/tags/tag_0"
_LONG = MOST_CHARACTERS // 5


async def _pages(client: AsgiClient, path: str) -> list[Any]:
    """All answers, along the links."""
    answers = []
    while path:
        answer = await client.call("GET", path)
        answers.append(expect(answer))
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<http://testserver")
    return answers


@pytest.fixture
async def long_ones(platform: Platform) -> list[str]:
    """Eight models whose versions have so long a text that five fit into an answer, or four with what is around."""
    models = [await add_model(platform.database, CAST.alice, name=f"long {number}") for number in range(8)]
    async with platform.database.write() as session:
        await session.execute(update(Version).values(long_description="x" * _LONG))
        await session.execute(update(Model).values(description="y"))
    return models


async def test_versions_with_long_texts(alice: AsgiClient, long_ones: list[str]) -> None:
    pages = await _pages(alice, VERSIONS)

    assert [len(page) for page in pages] == [4, 4]
    assert sorted(row["model"]["modelId"] for page in pages for row in page) == sorted(long_ones)


@pytest.mark.usefixtures("long_ones")
async def test_a_page_of_so_many_is_whole_or_refused(alice: AsgiClient) -> None:
    """Clients take a page with fewer entries than they asked for as the last one."""
    assert "per-page=4 or less" in expect_error(await alice.call("GET", f"{VERSIONS}?per-page=8"), 413)
    assert [len(page) for page in await _pages(alice, f"{VERSIONS}?per-page=3")] == [3, 3, 2]


async def test_one_version_that_is_too_long_is_shown(alice: AsgiClient, platform: Platform) -> None:
    await add_model(platform.database, CAST.alice)
    async with platform.database.write() as session:
        await session.execute(update(Version).values(long_description="x" * (MOST_CHARACTERS + 1)))

    assert len(expect(await alice.call("GET", f"{VERSIONS}?per-page=1"))) == 1


async def _add_tagged(platform: Platform, models: int, tags: int) -> None:
    """So many models that everybody sees, each with so many tags."""
    model_id = await add_model(platform.database, CAST.alice)
    async with platform.database.write() as session:
        pattern = dict((await session.execute(select(Model.__table__).where(Model.id == model_id))).one()._mapping)
        named = [{"identifier": f"tag_{number}", "name": f"Tag {number}"} for number in range(tags)]
        await session.execute(insert(Tag), [tag | {"data_type": "Tags", "is_categorical": False} for tag in named])
        for some in parts_of(range(models), 1000):
            rows = [
                pattern | {"id": f"m{number:09}", "name_key": f"{number:09}", "scope": Scope.ALL} for number in some
            ]
            await session.execute(insert(Model.__table__), rows)  # type: ignore[arg-type]
            carried = [
                {"model_id": row["id"], "tag": tag["identifier"], "position": place}
                for row in rows
                for place, tag in enumerate(named)
            ]
            await session.execute(insert(ModelTag), carried)


async def test_models_of_a_tag_come_in_pages(anybody: AsgiClient, platform: Platform) -> None:
    await _add_tagged(platform, 7, 2)

    assert len(expect(await anybody.call("GET", TAGGED))["models"]) == 7
    pages = await _pages(anybody, f"{TAGGED}?per-page=3")
    assert [len(page["models"]) for page in pages] == [3, 3, 1]
    assert {tag["identifier"] for page in pages for tag in page["tags"]} == {"tag_0"}
    assert len({model["identifier"] for page in pages for model in page["models"]}) == 7


async def test_a_tag_of_many_models_with_many_tags(anybody: AsgiClient, platform: Platform) -> None:
    models, tags = MOST_TAGS_SHOWN // 50 + 20, 49
    await _add_tagged(platform, models, tags)

    pages = await _pages(anybody, TAGGED)

    assert [len(page["models"]) for page in pages] == [MOST_TAGS_SHOWN // 50, 20]
    assert len({model["identifier"] for page in pages for model in page["models"]}) == models
    assert "per-page=2000" in expect_error(await anybody.call("GET", f"{TAGGED}?per-page=5000"), 413)
