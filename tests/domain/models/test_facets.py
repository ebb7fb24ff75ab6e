"""Counts of models by predefined tags: only of what one sees, and only of what fits."""

from collections.abc import Mapping

import pytest

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.catalog import change_model
from modelyard.domain.models.facets import Facets, count_facets
from modelyard.domain.models.tables import Model, Scope
from modelyard.domain.models.tag_filters import read_tag_filter
from modelyard.domain.models.tag_queries import count_tags
from tests.cast import Cast, with_roles
from tests.library import add_model, set_scope
from tests.manual_clock import ManualClock

MODELS: Mapping[str, tuple[str, list[str]]] = {
    "faces": (Scope.ALL, ["image", "count", "people_and_activities"]),
    "cars": (Scope.ACCOUNT, ["image", "locate_or_detect", "vehicles_and_transportation"]),
    "voices": (Scope.ACCOUNT, ["audio", "count", "own"]),
    "secret": (Scope.PRIVATE, ["audio", "signal", "count", "hidden"]),
}


@pytest.fixture
async def _models(database: Database, cast: Cast) -> None:
    for name, (scope, tags) in MODELS.items():
        model_id = await add_model(database, cast.alice, name=name)
        async with database.write() as session:
            await change_model(session, ManualClock(), cast.alice, model_id, tags=tags)
        await set_scope(database, model_id, scope)


async def _facets(database: Database, actor: Actor, *tags: str, name: str = "") -> Facets:
    filters = [found for text in tags if (found := read_tag_filter(text))]
    async with database.read() as session:
        return await count_facets(session, actor, [Model.name == name] if name else [], filters)


def _some(facets: Facets) -> dict[str, int]:
    return {tag: number for counts in facets.counts.values() for tag, number in counts.items() if number}


@pytest.mark.usefixtures("_models")
async def test_only_what_one_sees_counts(database: Database, cast: Cast) -> None:
    assert (await _facets(database, cast.alice)).models == 4
    assert (await _facets(database, cast.bob)).models == 3
    assert _some(await _facets(database, cast.charlie)) == {"image": 1, "count": 1, "people_and_activities": 1}
    assert _some(await _facets(database, cast.bob)) == {
        "count": 2,
        "locate_or_detect": 1,
        "people_and_activities": 1,
        "vehicles_and_transportation": 1,
        "audio": 1,
        "image": 2,
    }
    with pytest.raises(NotAllowed):
        await _facets(database, with_roles(cast.alice))


@pytest.mark.usefixtures("_models")
async def test_other_filters_narrow(database: Database, cast: Cast) -> None:
    assert _some(await _facets(database, cast.bob, name="voices")) == {"audio": 1, "count": 1}
    assert _some(await _facets(database, cast.bob, "own")) == {"audio": 1, "count": 1}
    both = await _facets(database, cast.alice, "audio;signal")
    assert both.models == 1
    assert _some(both) == {"audio": 1, "signal": 1, "count": 1}


@pytest.mark.usefixtures("_models")
async def test_alternatives_of_a_category_do_not_narrow_it(database: Database, cast: Cast) -> None:
    facets = await _facets(database, cast.bob, "image", "count")

    assert facets.models == 1
    assert {tag: number for tag, number in facets.counts["Input Type"].items() if number} == {"image": 1, "audio": 1}
    assert {tag: number for tag, number in facets.counts["Task"].items() if number} == {
        "count": 1,
        "locate_or_detect": 1,
    }
    assert {tag: number for tag, number in facets.counts["Subject"].items() if number} == {"people_and_activities": 1}


@pytest.mark.usefixtures("_models")
async def test_tags_with_their_counts(database: Database, cast: Cast) -> None:
    async def counts(actor: Actor | None) -> dict[str, int]:
        async with database.read() as session:
            return {each.tag.identifier: each.models for each in await count_tags(session, actor)}

    everybody = await counts(None)
    assert (everybody["image"], everybody["audio"]) == (1, 0)
    assert "own" not in everybody
    assert (await counts(cast.bob))["own"] == 1
    assert "hidden" not in await counts(cast.bob)
    assert (await counts(cast.alice))["hidden"] == 1
    assert (await counts(cast.charlie)) == everybody
