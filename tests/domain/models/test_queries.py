"""Lists of models and versions: filters, order, pages."""

from typing import Any

import pytest

from modelyard.core.database import Database
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.catalog import change_model
from modelyard.domain.models.queries import ModelFilter, list_latest, list_models, list_versions
from modelyard.domain.models.tables import Scope
from modelyard.domain.models.versions import create_version
from tests.cast import CAST, Cast
from tests.library import add_active, add_model, set_scope
from tests.manual_clock import ManualClock


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
        found = await list_models(session, actor, wanted, page or Page(), sort or Sort(("name",)))
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
        ({}, ["Bee bumble", "ant", "cat_1", "echo"]),
        ({"name": "BEE"}, ["Bee bumble"]),
        ({"name": "ant,cat"}, ["ant", "cat_1"]),
        ({"name": "b;bumble"}, ["Bee bumble"]),
        ({"name": "bee;ant"}, []),
        ({"name": "_"}, ["cat_1"]),
        ({"name": "%"}, []),
        ({"description": "100%"}, ["ant"]),
        ({"author": "acme"}, ["Bee bumble", "ant", "cat_1", "echo"]),
        ({"createdByEmail": "bob"}, []),
        ({"unknown": "x"}, ["Bee bumble", "ant", "cat_1", "echo"]),
        ({"name": "' OR 1=1 --"}, []),
        ({"modelId": "nothing"}, []),
    ],
)
async def test_filters(database: Database, library: dict[str, str], texts: dict[str, str], names: list[str]) -> None:
    assert await _names(database, texts=texts) == names


async def test_several_identifiers(database: Database, library: dict[str, str]) -> None:
    assert await _names(database, texts={"modelId": f"{library['ant']}, {library['echo']},zzz"}) == ["ant", "echo"]


@pytest.mark.parametrize(("flag", "names"), [(True, ["echo"]), (False, ["Bee bumble", "ant", "cat_1"])])
async def test_active_ones(database: Database, library: dict[str, str], flag: bool, names: list[str]) -> None:
    assert await _names(database, flags={"isActive": flag}) == names


async def test_exact_name_comes_first(database: Database, library: dict[str, str]) -> None:
    await add_model(database, CAST.alice, name="a cat_1")

    assert await _names(database, texts={"name": "CAT_1"}) == ["cat_1", "a cat_1"]


@pytest.mark.parametrize(
    ("sort", "first"), [(Sort(("name",), descending=True), "echo"), (Sort(("nonsense", "name")), "Bee bumble")]
)
async def test_order(database: Database, library: dict[str, str], sort: Sort, first: str) -> None:
    assert (await _names(database, sort=sort))[0] == first


async def test_pages_cover_everything_once(database: Database, library: dict[str, str]) -> None:
    pages = []
    for number in (1, 2, 3):
        async with database.read() as session:
            pages.append(await list_models(session, CAST.alice, ModelFilter(), Page(number, 3), Sort(("name",), False)))

    assert [model.name for page in pages for model in page.entries] == ["Bee bumble", "ant", "cat_1", "echo"]
    assert [page.has_next for page in pages] == [True, False, False]


async def test_lists_show_only_what_one_may_see(database: Database, library: dict[str, str], cast: Cast) -> None:
    await set_scope(database, library["ant"], Scope.TEAM)
    await set_scope(database, library["echo"], Scope.ALL)

    seen: dict[str, Any] = {actor.first_name: await _names(database, actor=actor) for actor in cast.everybody()}
    assert seen["Bob"] == ["ant", "echo"]
    assert seen["Charlie"] == ["echo"]
    assert len(seen["Olga"]) == len(seen["Alice"]) == 4
    async with database.read() as session:
        assert [model.name for model in await list_latest(session, cast.charlie)] == ["echo"]


async def test_versions_come_in_the_order_of_their_numbers(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, CAST.alice, version="1.10.0")
    async with database.write() as session:
        for number in ("1.9.0", "0.20.0"):
            await create_version(session, clock, CAST.alice, model_id, version=number)
    async with database.read() as session:
        everything = await list_versions(session, CAST.alice, model_id, Page())
        first = await list_versions(session, CAST.alice, model_id, Page(1, 2))
        beyond = await list_versions(session, CAST.alice, model_id, Page(9, 2))

    assert [row.version for row in everything.entries] == ["0.20.0", "1.9.0", "1.10.0"]
    assert ([row.version for row in first.entries], first.has_next) == (["0.20.0", "1.9.0"], True)
    assert (beyond.entries, beyond.has_next) == ([], False)
