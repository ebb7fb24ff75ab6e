"""Tags over REST: shapes that clients read, what each caller sees, and what administrators change."""

from typing import Any
from urllib.parse import quote

import pytest

from modelyard.app import Platform
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import expect, expect_error, picture, snapshot
from tests.library import add_model, set_scope
from tests.pictures import opened

TOPICS = "topics,_ideas,_and_sentiment"


@pytest.fixture
async def models(alice: AsgiClient, platform: Platform) -> dict[str, str]:
    """A model that everybody sees, and a private one."""
    found = {}
    for scope, tags in {"ALL": ["Count", "Image", "Everybody's"], "PRIVATE": ["Count", TOPICS, "Mine alone"]}.items():
        found[scope] = await add_model(platform.database, CAST.alice, name=scope)
        await set_scope(platform.database, found[scope], scope)
        expect(await alice.call("PATCH", f"/api/models/{found[scope]}", {"tags": tags}))
    return found


@pytest.mark.usefixtures("models")
async def test_each_sees_the_tags_of_what_they_see(
    alice: AsgiClient, charlie: AsgiClient, olga: AsgiClient, anybody: AsgiClient
) -> None:
    async def custom(client: AsgiClient) -> list[str]:
        tags = expect(await client.call("GET", "/api/models/tags"))
        assert len([tag for tag in tags if tag["isCategorical"] and not tag["isUserCreated"]]) == 21
        return [tag["identifier"] for tag in tags if tag["isUserCreated"] and tag["dataType"] == "Tags"]

    assert await custom(anybody) == await custom(charlie) == ["everybody's"]
    assert await custom(alice) == await custom(olga) == ["everybody's", "mine_alone"]


async def test_a_tag_and_the_models_that_have_it(
    alice: AsgiClient, anybody: AsgiClient, models: dict[str, str]
) -> None:
    found = expect(await anybody.call("GET", "/api/models/tags/count"))
    assert list(found) == ["tags", "models"]
    assert [tag["identifier"] for tag in found["tags"]] == ["count"]
    assert [model["identifier"] for model in found["models"]] == [models["ALL"]]

    both = expect(await alice.call("GET", f"/api/models/tags/{TOPICS},mine_alone,unheard_of"))
    assert {tag["identifier"] for tag in both["tags"]} == {TOPICS, "mine_alone"}
    assert [model["identifier"] for model in both["models"]] == [models["PRIVATE"]]
    for unknown in ("unheard_of", "mine_alone", "%00", "x" * 3000, ",", "%3Cb%3E", "%f0%9f%98%80"):
        assert expect(await anybody.call("GET", f"/api/models/tags/{unknown}")) == {"tags": [], "models": []}


@pytest.mark.usefixtures("models")
async def test_counts(alice: AsgiClient, anybody: AsgiClient) -> None:
    def counts(tags: list[dict[str, object]]) -> dict[object, object]:
        return {tag["identifier"]: tag["modelCount"] for tag in tags if tag["modelCount"]}

    seen = expect(await anybody.call("GET", "/api/models/tag-counts"))
    assert counts(seen) == {"count": 1, "image": 1, "everybody's": 1}
    assert counts(expect(await alice.call("GET", "/api/models/tag-counts")))["count"] == 2
    facets = expect(await alice.call("GET", "/api/models/facets"))
    assert facets["modelCount"] == 2
    assert [each["dataType"] for each in facets["categories"]] == ["Task", "Subject", "Input Type"]
    assert counts(facets["categories"][0]["tags"]) == {"count": 2}
    for query, number in (
        ("name=all", 1),
        ("tags=count;image", 1),
        (f"tags={TOPICS},image", 2),
        ("tags=count&tags=image", 1),
        ("isActive=true", 0),
        ("tags=", 2),
        ("tags=unheard_of", 0),
        ("tags=" + quote("Mine alone"), 1),
    ):
        assert expect(await alice.call("GET", f"/api/models/facets?{query}"))["modelCount"] == number, query
    expect_error(await alice.call("GET", "/api/models/facets?isActive=perhaps"), 400)
    expect_error(await alice.call("GET", "/api/models/facets?tags=" + ",".join(map(str, range(60)))), 400, "50")
    expect_error(await anybody.call("GET", "/api/models/facets"), 401)


@pytest.mark.usefixtures("models")
async def test_administrators_rename_merge_and_delete(alice: AsgiClient, olga: AsgiClient) -> None:
    path = "/api/models/tags/mine_alone"
    renamed = expect(await olga.call("PATCH", path, {"name": "Ours"}))
    assert (renamed["identifier"], renamed["name"]) == ("ours", "Ours")
    expect_error(await olga.call("PATCH", path, {"name": "Ours"}), 404)
    expect_error(await olga.call("DELETE", "/api/models/tags/ours"), 409)
    merged = expect(await olga.call("POST", "/api/models/tags/ours/merge", {"into": "everybody's"}))
    assert (merged["identifier"], merged["changedModels"]) == ("everybody's", 1)
    expect_error(await olga.call("POST", "/api/models/tags/ours/merge", {"into": "image"}), 404)
    expect_error(await olga.call("PATCH", "/api/models/tags/image", {"name": "Picture"}), 409, "predefined")
    for wrong in ({"name": "<b>"}, {"name": ""}, {"name": "x" * 101}, {}, {"name": None}):
        expect_error(await olga.call("PATCH", "/api/models/tags/everybody's", wrong), 400)
    for method, path, body in (
        ("PATCH", "/api/models/tags/everybody's", {"name": "x"}),
        ("DELETE", "/api/models/tags/everybody's", None),
        ("POST", "/api/models/tags/everybody's/merge", {"into": "image"}),
        ("DELETE", "/api/models/tags/image/image", None),
    ):
        expect_error(await alice.call(method, path, body), 403)


async def test_images_of_tags(olga: AsgiClient, anybody: AsgiClient) -> None:
    tags = {tag["identifier"]: tag for tag in expect(await anybody.call("GET", "/api/models/tags"))}
    for tag in tags.values():
        (icon,) = tag["images"]
        for address in (icon["url"], icon["webp"]):
            assert opened((await anybody.call("GET", address)).body).size == (256, 256)

    changed = expect(await olga.upload(f"/api/models/tags/{TOPICS}/image", picture()), 201)

    (icon,) = changed["images"]
    assert icon["relationType"] == "icon"
    for address in (icon["url"], icon["webp"]):
        assert opened((await anybody.call("GET", address)).body).size == (256, 256)
    assert expect(await olga.call("DELETE", f"/api/models/tags/{TOPICS}/image")) == tags[TOPICS]
    expect_error(await anybody.call("GET", icon["url"]), 404)


async def test_bad_lists_of_tags_change_nothing(alice: AsgiClient, models: dict[str, str], platform: Platform) -> None:
    before = await snapshot(platform.database)
    bad: list[Any] = [
        ["<script>alert(1)</script>"],
        ["good", "a,b"],
        [""],
        ["x" * 101],
        [str(number) for number in range(51)],
        ["x" * 100_000],
        [{"name": "<b>"}],
        [{}],
        [None],
        [5],
        "image",
        {"name": "image"},
    ]
    for tags in bad:
        expect_error(await alice.call("PATCH", f"/api/models/{models['ALL']}", {"tags": tags}), 400)
    many = {"tags": [str(number) for number in range(200_000)]}
    expect_error(await alice.call("PATCH", f"/api/models/{models['ALL']}", many), 400, "50")
    assert await snapshot(platform.database) == before


async def test_tags_as_they_are_shown_can_be_sent_back(alice: AsgiClient, models: dict[str, str]) -> None:
    path = f"/api/models/{models['PRIVATE']}"
    shown = expect(await alice.call("GET", path))["tags"]

    assert expect(await alice.call("PATCH", path, {"tags": shown}))["tags"] == shown
