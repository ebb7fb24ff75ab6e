"""The library's routes: what clients send and read, over and under and beside the documented."""

from typing import Any

import pytest

from modelyard.app import Platform
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import Walk, expect, expect_error, snapshot
from tests.library import add_model, describe

NEXT = 'rel="next"'


@pytest.fixture
async def three(platform: Platform) -> list[str]:
    return [await add_model(platform.database, CAST.alice, name=name) for name in ("alpha", "alphabet", "beta")]


async def test_the_link_is_there_exactly_when_another_page_is(alice: AsgiClient, three: list[str]) -> None:
    for path in ("/api/models", "/api/models/latest", "/api/models/all/versions/all"):
        for query, number, has_next in (
            ("per-page=2", 2, True),
            ("per-page=2&page=2", 1, False),
            ("per-page=3", 3, False),
            ("page=0&per-page=1", 1, True),
            ("page=9&per-page=1", 0, False),
            ("", 3, False),
        ):
            answer = await alice.call("GET", f"{path}?{query}")
            assert len(expect(answer)) == number, (path, query)
            assert (NEXT in answer.headers.get("link", "")) == has_next, (path, query)
    first = await alice.call("GET", "/api/models?per-page=2&name=a&isActive=False&sort-by=name")
    address = first.headers["link"].split(">")[0].removeprefix("<http://testserver")
    assert [model["modelId"] for model in expect(first) + expect(await alice.call("GET", address))] == three


async def test_a_name_is_looked_up_as_clients_do(alice: AsgiClient, three: list[str]) -> None:
    for query in ("name=ALPHA&page=1&per-page=1", "name=alpha&sort-by=name&direction=DESC&per-page=20"):
        assert expect(await alice.call("GET", f"/api/models?{query}"))[0]["modelId"] == three[0]
    assert expect(await alice.call("GET", "/api/models?name=lpha&per-page=1"))[0]["modelId"] in three[:2]


async def test_filters_in_all_spellings(alice: AsgiClient, olga: AsgiClient, three: list[str]) -> None:
    path = f"/api/models/{three[0]}"
    expect(await olga.call("PATCH", path, {"isRecommended": True, "expirationDateTime": "2020-05-06T07:08:09.123Z"}))
    for query in (
        *(
            "isFeatured=TRUE",
            "isRecommended=true&isCommercial=False&madeUp=1",
            "isExpired=1",
            "name=alpha;alp&isFeatured=1",
        ),
        *("expirationDateTime=2020-05-06", "expirationDateTime=2020-05-06T07:08:09.123%2B0000"),
        *("expirationDateTime=2020-05-06T07:08:09.123+00:00", "expirationDateTime=2020-05-06T07:08"),
        *("expirationDateTime=2019-01-01..2020-05-06", "expirationDateTime=..2020-05-06T07:08:09Z"),
        *("expirationDateTime=2020-01-01,2020-05-06", "isExpired=true&lastActiveDateTime=2000-01-01.."),
        f"modelId={three[0]}&lastActiveDateTime=undefined&isActive=",
    ):
        found = expect(await alice.call("GET", f"/api/models?{query}"))
        assert [model["modelId"] for model in found] == [three[0]], query
    assert expect(await alice.call("GET", "/api/models?expirationDateTime=2020-05-06T07:08:10Z")) == []
    assert expect(await alice.call("GET", f"/api/models?modelId={three[0][:5]}")) == []


@pytest.mark.parametrize(
    "query",
    [
        "isActive=perhaps",
        "isFeatured=2",
        "lastActiveDateTime=soon",
        "lastActiveDateTime=..",
        "lastActiveDateTime=2020-01-01..soon",
        "lastActiveDateTime=9999-12-31T23:59:59.9Z,2020-99-99",
        "expirationDateTime=2026-01-02T03:04:05.678+99:99",
        "page=x",
        "page=-1",
        "per-page=99999999999999999999",
    ],
)
async def test_wrong_values(alice: AsgiClient, query: str) -> None:
    for path in ("/api/models", "/api/models/latest"):
        expect_error(await alice.call("GET", f"{path}?{query}"), 400)


async def test_odd_values_are_no_failures_of_ours(alice: AsgiClient, three: list[str]) -> None:
    for value in ("%25", "_", "'", '"', "%F0%9F%98%80", "x" * 5000, ",".join("a" * 200), ";;,,", "\\"):
        for name in (
            "name",
            "description",
            "author",
            "modelId",
            "search",
            "version",
            "status",
            "model.name",
            "createdBy",
        ):
            for path in ("/api/models", f"/api/models/{three[0]}/versions", "/api/models/all/versions/all"):
                expect(await alice.call("GET", f"{path}?{name}={value}"))
    by_clients = "modelId author submittedByEmail name isExpired isActive latestVersion isRecommended "
    for name in (by_clients + "lastActiveDateTime expirationDateTime").split():
        expect(await alice.call("GET", f"/api/models?sort-by={name}"))
    for path in (
        "/api/models",
        "/api/models/latest",
        "/api/models/all/versions/all",
        f"/api/models/{three[0]}/versions",
    ):
        expect_error(await alice.call("GET", f"{path}?sort-by=nonsense"), 400, "cannot be sorted by 'nonsense'")
    for query in ("sort-by=,,undefined,NAME,,&direction=", "sort-by=null&direction=undefined", "direction=aSc"):
        expect(await alice.call("GET", f"/api/models?{query}"))
    expect_error(await alice.call("GET", "/api/models?direction=sideways"), 400, "ASC or DESC")
    expect(await alice.call("GET", "/api/models?page=999999999&per-page=999999999"))
    expect(await alice.call("GET", "/api/models?lastActiveDateTime=9999-12-31,0001-01-01"), 400)


async def test_a_permalink_redirects_to_the_current_one(alice: AsgiClient, charlie: AsgiClient, walk: Walk) -> None:
    model_id = await walk.active()
    first = expect(await alice.call("GET", f"/api/models/{model_id}"))["permalink"]
    assert first == f"{model_id}-acme-echo"
    assert expect(await alice.call("GET", f"/api/models/permalink/{first}"))["modelId"] == model_id
    expect(await alice.call("PATCH", f"/api/models/{model_id}", {"name": "Größe (neu)"}))

    moved = await alice.call("GET", f"/api/models/permalink/{first}")

    assert moved.status == 308
    address = moved.headers["location"]
    assert address == f"/api/models/permalink/{model_id}-acme-gr%C3%B6%C3%9Fe-neu"
    assert expect(await alice.call("GET", address))["name"] == "Größe (neu)"
    for wrong in (f"{model_id[:-1]}-x", "%00", "nothing", "%2f", "-"):
        expect_error(await alice.call("GET", f"/api/models/permalink/{wrong}"), 404)
    expect_error(await charlie.call("GET", f"/api/models/permalink/{first}"), 404)


async def test_features_and_standing(alice: AsgiClient, olga: AsgiClient, walk: Walk, platform: Platform) -> None:
    model_id = await walk.active()
    await describe(platform.database, model_id, explains=True, batch_size=8, status="active")
    path = f"/api/models/{model_id}"

    model = expect(await alice.call("GET", path))

    assert [one["identifier"] for one in model["features"]] == ["built-in-explainability", "batching"]
    assert model["features"][0]["name"] == "Explainable"
    assert model["features"][1]["size"] == 8
    version = expect(await alice.call("GET", f"{path}/versions/0.1.0"))
    assert version["features"] == model["features"] == version["model"]["features"]
    latest = expect(await alice.call("GET", "/api/models/latest"))[0]
    assert (latest["activeVersions"], latest["identifier"], latest["isExpired"]) == (["0.1.0"], model_id, False)
    expect_error(await alice.call("PATCH", path, {"isRecommended": True}), 403, "models:recommend")
    expect(await alice.call("PATCH", path, {"isRecommended": False, "isCommercial": None}))
    assert expect(await olga.call("PATCH", path, {"isCommercial": True}))["isCommercial"] is True
    for wrong in ("soon", "2020-99-99", "\x00", "x" * 100_000):
        expect_error(await alice.call("PATCH", path, {"expirationDateTime": wrong}), 400)
    wrong_types: list[Any] = [5, 2**70, [], {"a": 1}, True]
    for wrong_type in wrong_types:
        expect_error(await alice.call("PATCH", path, {"expirationDateTime": wrong_type}), 400)
        if wrong_type is not True:
            expect_error(await olga.call("PATCH", path, {"isRecommended": wrong_type}), 400)
    set_now = expect(await alice.call("PATCH", path, {"expirationDateTime": "2020-01-01"}))
    assert (set_now["isExpired"], set_now["expirationDateTime"]) == (True, "2020-01-01T00:00:00.000+00:00")
    job = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {"a": {"input.txt": "x"}}},
    }
    expect_error(await alice.call("POST", "/api/jobs", job), 409, "expired")
    assert "expirationDateTime" not in expect(await alice.call("PATCH", path, {"expirationDateTime": ""}))
    expect(await alice.call("POST", "/api/jobs", job), 202)


async def test_an_active_version_is_frozen_but_for_its_words(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    model_id = await walk.active()
    path = f"/api/models/{model_id}/versions/0.1.0"
    version = expect(await alice.call("GET", path))
    whole: dict[str, Any] = {
        name: version[name]
        for name in ("requirement", "timeout", "inputs", "outputs", "inputValidationSchema", "processing", "statistics")
    }
    before = await snapshot(platform.database)
    for change, word in (
        ({"timeout": {"run": 6000}}, "run timeout"),
        ({"timeout": {"status": 6000}}, "status timeout"),
        ({"requirement": {"requirementId": -99}}, "requirement"),
        ({"inputs": [{**version["inputs"][0], "maximumSize": 5}]}, "inputs"),
        ({"outputs": [{"name": "other"}]}, "outputs"),
        ({"inputValidationSchema": "{}"}, "schema"),
    ):
        expect_error(await alice.call("PATCH", path, whole | change), 409, word, "make a new version")
    pull = {"registry": {"url": "registry.example/a/b:1"}}
    expect_error(await alice.call("POST", f"{path}/container-image", pull), 409, "make a new version")
    assert await snapshot(platform.database) == before
    words = {"longDescription": "New words.", "statistics": [{"label": "F1", "value": 0.5}], "versionHistory": "Why."}
    changed = expect(await alice.call("PATCH", path, whole | words | {"processing": {"maximumParallelCapacity": 2}}))
    assert (changed["longDescription"], changed["isActive"]) == ("New words.", True)


async def test_versions_of_all_models(alice: AsgiClient, three: list[str]) -> None:
    path = "/api/models/all/versions/all"
    for query, number in (
        ("model.name=alpha", 2),
        ("model.name=alpha&model.isActive=true", 0),
        ("search=beta", 1),
        ("status=PARTIAL&isActive=False&version=0.1.0&createdBy=alice", 3),
        (f"model.modelId={three[0]},{three[2]}", 2),
        ("model.createdByFullName=alice example&model.isExpired=false&model.lastActiveDateTime=2000-01-01..", 3),
        ("createdAt=2000-01-01..&updatedAt=2000-01-01..2000-01-02", 0),
    ):
        assert len(expect(await alice.call("GET", f"{path}?{query.replace(' ', '%20')}"))) == number, query
    query = "sort-by=processing.minimumParallelCapacity,model.name&direction=desc&per-page=2"
    found = expect(await alice.call("GET", f"{path}?{query}"))
    assert [row["model"]["name"] for row in found] == ["beta", "alphabet"]


@pytest.mark.parametrize("route", ["/api/models", "/api/models/search", "/api/models/facets"])
async def test_as_many_tags_as_databases_take(alice: AsgiClient, route: str) -> None:
    query = "tags=" + ";".join(f"tag+{number}" for number in range(50))

    expect(await alice.call("GET", f"{route}?{query}"), 200)
    assert "at most 50 in all" in expect_error(await alice.call("GET", f"{route}?{query}&tags=another"), 400)
