"""Lists of models and versions: filters, order, pages."""

from typing import Any

import pytest

from modelyard.core.database import Database
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.catalog import change_model
from modelyard.domain.models.filters import ModelFilter
from modelyard.domain.models.queries import list_latest, list_models
from modelyard.domain.models.tables import Scope
from tests.cast import CAST, Cast
from tests.library import add_active, add_model, set_scope
from tests.manual_clock import ManualClock

NOW = ManualClock().now()


async def _names(
    database: Database,
    *,
    actor: Actor = CAST.alice,
    page: Page | None = None,
    sort: Sort | None = None,
    flags: dict[str, bool] | None = None,
    texts: dict[str, str] | None = None,
) -> list[str]:
    async with database.read() as session:
        wanted = ModelFilter(texts or {}, flags or {})
        found = await list_models(session, NOW, actor, wanted, page or Page(), sort or Sort(("name",)))
    return [model.name for model in found.entries]


@pytest.fixture
async def library(database: Database) -> dict[str, str]:
    """Four models of Alice; one of them active."""
    models = {name: await add_model(database, CAST.alice, name=name) for name in ("ant", "Bee bumble", "cat_1")}
    models["echo"] = await add_active(database, CAST.alice)
    async with database.write() as session:
        await change_model(session, ManualClock(), CAST.alice, models["ant"], description="small, 100% red")
    return models


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ({}, ["ant", "Bee bumble", "cat_1", "echo"]),
        ({"name": "BEE"}, ["Bee bumble"]),
        ({"name": "ant,cat"}, ["ant", "cat_1"]),
        ({"name": "b;bumble"}, ["Bee bumble"]),
        ({"name": "bee;ant"}, []),
        ({"name": "_"}, ["cat_1"]),
        ({"name": "%"}, []),
        ({"description": "100%"}, ["ant"]),
        ({"author": "acme"}, ["ant", "Bee bumble", "cat_1", "echo"]),
        ({"createdByEmail": "bob"}, []),
        ({"unknown": "x"}, ["ant", "Bee bumble", "cat_1", "echo"]),
        ({"name": "' OR 1=1 --"}, []),
        ({"modelId": "nothing"}, []),
    ],
)
async def test_filters(database: Database, library: dict[str, str], texts: dict[str, str], names: list[str]) -> None:
    assert await _names(database, texts=texts) == names


async def test_several_identifiers(database: Database, library: dict[str, str]) -> None:
    assert await _names(database, texts={"modelId": f"{library['ant']}, {library['echo']},zzz"}) == ["ant", "echo"]


@pytest.mark.parametrize(("flag", "names"), [(True, ["echo"]), (False, ["ant", "Bee bumble", "cat_1"])])
async def test_active_ones(database: Database, library: dict[str, str], flag: bool, names: list[str]) -> None:
    assert await _names(database, flags={"isActive": flag}) == names


async def test_exact_name_comes_first(database: Database, library: dict[str, str]) -> None:
    await add_model(database, CAST.alice, name="a cat_1")

    assert await _names(database, texts={"name": "CAT_1"}) == ["cat_1", "a cat_1"]


@pytest.mark.parametrize(("sort", "first"), [(Sort(("name",), descending=True), "echo"), (Sort(("name",)), "ant")])
async def test_order(database: Database, library: dict[str, str], sort: Sort, first: str) -> None:
    assert (await _names(database, sort=sort))[0] == first


async def test_pages_cover_everything_once(database: Database, library: dict[str, str]) -> None:
    pages = []
    for number in (1, 2, 3):
        async with database.read() as session:
            found = await list_models(session, NOW, CAST.alice, ModelFilter(), Page(number, 3), Sort(("name",), False))
            pages.append(found)

    assert [model.name for page in pages for model in page.entries] == ["ant", "Bee bumble", "cat_1", "echo"]
    assert [page.has_next for page in pages] == [True, False, False]


async def test_lists_show_only_what_one_may_see(database: Database, library: dict[str, str], cast: Cast) -> None:
    await set_scope(database, library["ant"], Scope.TEAM)
    await set_scope(database, library["echo"], Scope.ALL)

    seen: dict[str, Any] = {actor.first_name: await _names(database, actor=actor) for actor in cast.everybody()}
    assert seen["Bob"] == ["ant", "echo"]
    assert seen["Charlie"] == ["echo"]
    assert len(seen["Olga"]) == len(seen["Alice"]) == 4
    async with database.read() as session:
        latest = await list_latest(session, NOW, cast.charlie, ModelFilter(), Page(), Sort())
    assert [model.name for model in latest.entries] == ["echo"]
