"""Filters and orders of the library's lists that go beyond names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from modelyard.core.database import Database
from modelyard.core.paging import Page, Sort
from modelyard.domain.models.catalog import change_model
from modelyard.domain.models.filters import ModelFilter, TimeSpan, VersionFilter
from modelyard.domain.models.queries import list_latest, list_models
from modelyard.domain.models.standing import Expiry, Standing
from modelyard.domain.models.version_queries import list_all_versions, list_versions
from modelyard.domain.models.versions import create_version
from tests.cast import CAST
from tests.library import add_active, add_model
from tests.manual_clock import ManualClock

NOW = ManualClock().now()
DAY = timedelta(days=1)


@pytest.fixture
async def library(database: Database) -> dict[str, str]:
    """Olga says that `old` is recommended; it has expired, `soon` expires tomorrow, `ever` never does."""
    models = {name: await add_model(database, CAST.alice, name=name) for name in ("old", "soon", "ever")}
    async with database.write() as session:
        for name, days in (("old", -1), ("soon", 1)):
            standing = Standing(is_recommended=name == "old", expiry=Expiry(NOW + days * DAY))
            await change_model(session, ManualClock(), CAST.olga, models[name], standing=standing)
    return models


async def _names(database: Database, wanted: ModelFilter, sort: Sort | None = None, page: Page | None = None) -> Any:
    async with database.read() as session:
        chosen = sort or Sort(("name",))
        found = await list_models(session, NOW, CAST.alice, wanted, page or Page(), chosen)
    return [model.name for model in found.entries]


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ({"isExpired": True}, ["old"]),
        ({"isExpired": False}, ["ever", "soon"]),
        ({"isRecommended": True}, ["old"]),
        ({"isFeatured": True}, ["old"]),
        ({"isFeatured": False, "isExpired": True}, []),
        ({"isCommercial": True}, []),
        ({"isActive": True}, []),
    ],
)
async def test_flags(database: Database, library: Any, flags: dict[str, bool], names: list[str]) -> None:
    assert await _names(database, ModelFilter(flags=flags)) == names


@pytest.mark.parametrize(
    ("name", "spans", "names"),
    [
        ("expirationDateTime", [TimeSpan(NOW, None)], ["soon"]),
        ("expirationDateTime", [TimeSpan(None, NOW)], ["old"]),
        ("expirationDateTime", [TimeSpan(None, None)], ["old", "soon"]),
        ("expirationDateTime", [TimeSpan(NOW + DAY, NOW + 2 * DAY), TimeSpan(None, NOW)], ["old", "soon"]),
        ("expirationDateTime", [TimeSpan(NOW, NOW + DAY)], []),
        ("lastActiveDateTime", [TimeSpan(NOW, NOW + DAY)], ["ever", "old", "soon"]),
        ("lastActiveDateTime", [TimeSpan(None, NOW)], []),
        ("lastActiveDateTime", [], []),
    ],
)
async def test_times(database: Database, library: Any, name: str, spans: list[TimeSpan], names: list[str]) -> None:
    assert await _names(database, ModelFilter(times={name: tuple(spans)})) == names


@pytest.mark.parametrize(
    ("fields", "descending", "names"),
    [
        (("expirationDateTime",), False, ["old", "soon", "ever"]),
        (("expirationDateTime",), True, ["soon", "old", "ever"]),
        (("isExpired", "name"), True, ["old", "soon", "ever"]),
        (("isRecommended", "name"), False, ["ever", "soon", "old"]),
        (("visibility.scope", "name"), False, ["ever", "old", "soon"]),
    ],
)
async def test_orders(
    database: Database, library: Any, fields: tuple[str, ...], descending: bool, names: list[str]
) -> None:
    assert await _names(database, ModelFilter(), Sort(fields, descending)) == names


async def test_latest_version_sorts_by_its_numbers(database: Database) -> None:
    for version in ("1.10.0", "1.9.0", "0.20.5"):
        await add_model(database, CAST.alice, name=f"m{version[2]}", version=version)

    assert await _names(database, ModelFilter(), Sort(("latestVersion",))) == ["m2", "m9", "m1"]


@pytest.mark.parametrize("text", ["É", "é", "CAFÉ", "café c"])
async def test_letters_beyond_english_have_no_case_either(database: Database, text: str) -> None:
    await add_model(database, CAST.alice, name="Café Counter")

    assert await _names(database, ModelFilter({"name": text})) == ["Café Counter"]


@pytest.mark.parametrize("name", ["name", "description", "author", "createdByEmail", "modelId"])
async def test_texts_that_no_database_keeps_find_nothing(database: Database, library: Any, name: str) -> None:
    assert await _names(database, ModelFilter({name: "a\0b"})) == []


async def test_many_alternatives_are_cut(database: Database, library: Any) -> None:
    assert await _names(database, ModelFilter({"name": ",".join(["zzz"] * 1000)})) == []
    assert await _names(database, ModelFilter({"modelId": ",".join([library["old"]] * 1000)})) == ["old"]


async def test_latest_shows_everything_of_its_page(database: Database, library: Any) -> None:
    async with database.write() as session:
        await create_version(
            session, ManualClock(), CAST.alice, library["old"], version="0.2.0", long_description="New."
        )
    async with database.read() as session:
        wanted = ModelFilter({"name": "old,soon"})
        found = await list_latest(session, NOW, CAST.alice, wanted, Page(1, 1), Sort(("name",)))

    assert ([model.name for model in found.entries], found.has_next) == (["old"], True)
    assert found.entries[0].versions[-1].long_description == "New."
    assert found.entries[0].tags == []


async def _versions(
    database: Database, wanted: VersionFilter, *fields: str, descending: bool = False, model_id: str = ""
) -> list[str]:
    sort = Sort(fields, descending)
    async with database.read() as session:
        if model_id:
            found = await list_versions(session, NOW, CAST.alice, model_id, wanted, Page(), sort)
        else:
            found = await list_all_versions(session, NOW, CAST.alice, wanted, Page(), sort)
    return [row.version for row in found.entries]


@pytest.fixture
async def several(database: Database) -> str:
    """A model with an active version 1.9.0, and a bare 0.20.0 and 1.10.0."""
    model_id = await add_active(database, CAST.alice)
    async with database.write() as session:
        for number in ("1.10.0", "0.20.0"):
            await create_version(session, ManualClock(), CAST.alice, model_id, version=number)
    return model_id


@pytest.mark.parametrize(
    ("wanted", "versions"),
    [
        (VersionFilter(), ["0.1.0", "0.20.0", "1.10.0"]),
        (VersionFilter(texts={"version": "0.20.0,1.10.0"}), ["0.20.0", "1.10.0"]),
        (VersionFilter(texts={"version": "0.2"}), []),
        (VersionFilter(texts={"status": "ACTIVE"}), ["0.1.0"]),
        (VersionFilter(texts={"status": "partial,active"}), ["0.1.0", "0.20.0", "1.10.0"]),
        (VersionFilter(texts={"createdBy": "ALICE"}), ["0.1.0", "0.20.0", "1.10.0"]),
        (VersionFilter(flags={"isActive": False}), ["0.20.0", "1.10.0"]),
        (VersionFilter(flags={"isAvailable": True, "isExperimental": False}), ["0.1.0", "0.20.0", "1.10.0"]),
        (VersionFilter(flags={"isAvailable": False}), []),
        (VersionFilter(flags={"isExperimental": True}), []),
        (VersionFilter(times={"createdAt": (TimeSpan(datetime(2999, 1, 1, tzinfo=UTC), None),)}), []),
        (VersionFilter(times={"updatedAt": (TimeSpan(NOW, None),)}), ["0.1.0", "0.20.0", "1.10.0"]),
        (VersionFilter(search="ECHO acme"), ["0.1.0", "0.20.0", "1.10.0"]),
        (VersionFilter(search="echo 1.10"), ["1.10.0"]),
        (VersionFilter(search="echo nothing"), []),
        (VersionFilter(model=ModelFilter({"name": "ech"}, {"isActive": True})), ["0.1.0", "0.20.0", "1.10.0"]),
        (VersionFilter(model=ModelFilter({"author": "other"})), []),
        (VersionFilter(model=ModelFilter(flags={"isExpired": True})), []),
    ],
)
async def test_versions(database: Database, several: str, wanted: VersionFilter, versions: list[str]) -> None:
    assert await _versions(database, wanted, model_id=several) == versions
    assert await _versions(database, wanted) == versions


async def test_orders_of_versions(database: Database, several: str) -> None:
    assert await _versions(database, VersionFilter(), "version", descending=True) == ["1.10.0", "0.20.0", "0.1.0"]
    assert await _versions(database, VersionFilter(), "isActive", "version", descending=True) == [
        *("0.1.0", "1.10.0", "0.20.0"),
    ]
    in_order = await _versions(database, VersionFilter(), "processing.maximumParallelCapacity", "model.name", "version")
    assert in_order == ["0.1.0", "0.20.0", "1.10.0"]


async def test_pages_of_versions(database: Database, several: str) -> None:
    pages = []
    async with database.read() as session:
        for number in (1, 2, 3):
            page = Page(number, 2)
            pages.append(await list_versions(session, NOW, CAST.alice, several, VersionFilter(), page, Sort()))

    assert [[row.version for row in page.entries] for page in pages] == [["0.1.0", "0.20.0"], ["1.10.0"], []]
    assert [page.has_next for page in pages] == [True, False, False]
