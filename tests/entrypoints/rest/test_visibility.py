"""Visibility over HTTP: what one may not see is answered as what is not there, on every route."""

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from modelyard.entrypoints.rest.route_permissions import ROUTES
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.callers import SOUND, STRANGERS, VISION, key_with
from tests.entrypoints.rest.steps import Walk, expect, expect_error, picture, snapshot

PARTS = {"version": "0.1.0", "other": "0.1.0", "revision": "0", "picture": "0" * 32}
BODY = {
    "identifiers": [],
    "version": "9.9.9",
    "decision": "approved",
    "reason": "good",
    "scope": "ALL",
    "name": "taken over",
}
"""What any of the routes takes."""
ALL_OF_AN_ACCOUNT = [str(role) for role in Role if role not in {Role.PROJECT, Role.SYSTEM_OWNER, Role.AUDITOR}]


def _routes_of_a_model() -> list[tuple[str, str]]:
    """Of the API; what pages show of hidden models is tested with the pages."""
    return [(method, path) for method, path in ROUTES if "{model_id}" in path and path.startswith("/api/")]


async def test_a_hidden_model_looks_like_none_on_every_route(app: FastAPI, walk: Walk, platform: Platform) -> None:
    model_id = await walk.active()
    callers = [await key_with(platform, ALL_OF_AN_ACCOUNT, person) for person in (STRANGERS, SOUND)]
    before = await snapshot(platform.database)
    for headers in callers:
        client = AsgiClient(app, headers)
        for method, path in _routes_of_a_model():
            hidden = await client.call(method, path.format(model_id=model_id, **PARTS), BODY)
            unknown = await client.call(method, path.format(model_id="z" * 10, **PARTS), BODY)
            message = expect_error(hidden, 404)
            assert message.replace(model_id, "z" * 10) == expect_error(unknown, 404), (method, path)
    assert await snapshot(platform.database) == before


async def test_reading_and_setting(alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}"
    assert expect(await alice.call("GET", f"{path}/visibility")) == {"scope": "PRIVATE", "teams": []}
    expect_error(await bob.call("GET", f"{path}/visibility"), 404)

    shared = {"scope": "TEAM", "teams": [CAST.olga.team_id]}
    assert (
        expect(await alice.call("PATCH", f"{path}/visibility", {"scope": "team", "teams": shared["teams"]})) == shared
    )
    assert expect(await bob.call("GET", f"{path}/visibility")) == shared
    for answer in (await bob.call("GET", path), await bob.call("GET", f"{path}/versions/0.1.0")):
        body = expect(answer)
        assert body.get("model", body)["visibility"] == shared
    assert expect(await bob.call("GET", "/api/models/latest"))[0]["visibility"] == shared

    expect_error(await bob.call("PATCH", f"{path}/visibility", {"scope": "ALL"}), 403)
    expect_error(await charlie.call("PATCH", f"{path}/visibility", {"scope": "ALL"}), 404)


@pytest.mark.parametrize(
    "body", [{"scope": "FRIENDS"}, {"scope": 5}, {"scope": "TEAM", "teams": ["team-strangers"]}, {"teams": "all"}, []]
)
async def test_what_cannot_be_set(alice: AsgiClient, walk: Walk, platform: Platform, body: object) -> None:
    path = f"/api/models/{await walk.active()}/visibility"
    before = await snapshot(platform.database)
    expect_error(await alice.call("PATCH", path, body), 400)
    assert await snapshot(platform.database) == before


async def test_words_that_people_made_up_show_only_with_their_models(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, anybody: AsgiClient, walk: Walk
) -> None:
    path = f"/api/models/{await walk.active()}"
    expect(await alice.call("PATCH", path, {"tags": ["a secret word", "Image"]}))
    expect(await alice.call("PATCH", f"{path}/visibility", {"scope": "TEAM"}))

    for client, number in ((bob, 1), (charlie, 0), (anybody, 0)):
        found = expect(await client.call("GET", "/api/models/tags/a_secret_word"))
        assert (len(found["tags"]), len(found["models"])) == (number, number)
        words = [tag["identifier"] for tag in expect(await client.call("GET", "/api/models/tags"))]
        assert "image" in words
        assert ("a_secret_word" in words) is (number == 1)
        found = expect(await client.call("GET", "/api/models/tags/image"))
        assert (len(found["tags"]), len(found["models"])) == (1, number)


async def test_engines_of_hidden_models_are_not_listed(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, walk: Walk
) -> None:
    model_id = await walk.active()
    path = f"/api/models/{model_id}"
    expect(await alice.call("PATCH", f"{path}/versions/0.1.0/processing", {"minimumParallelCapacity": 1}))
    expect(await alice.call("PATCH", f"{path}/visibility", {"scope": "TEAM"}))

    for client, is_seen in ((alice, True), (bob, True), (charlie, False)):
        for address in ("/api/resources/processing/engines", "/api/resources/processing/models"):
            assert [entry["identifier"] for entry in expect(await client.call("GET", address))] == [model_id] * is_seen
        total = expect(await client.call("GET", "/api/models/processing-engines"))
        assert total == {"minimumProcessingEnginesSum": int(is_seen)}


async def test_pictures_have_addresses_that_nobody_can_guess(
    alice: AsgiClient, bob: AsgiClient, anybody: AsgiClient, walk: Walk
) -> None:
    path = f"/api/models/{await walk.active()}"
    model = expect(await alice.upload(f"{path}/image", picture(), file_name="a.png"), 201)

    expect_error(await bob.call("GET", path), 404)  # who may not see the model is not told the address
    address = model["images"][0]["url"]
    assert len(address.rpartition("/")[2]) >= 20
    assert (await anybody.call("GET", address)).status == 200


async def test_who_changes_teams_loses_what_only_the_other_team_sees(
    app: FastAPI, alice: AsgiClient, platform: Platform, walk: Walk
) -> None:
    path = f"/api/models/{await walk.active()}"
    expect(await alice.call("PATCH", f"{path}/visibility", {"scope": "TEAM"}))
    for person, status in ((VISION, 200), (SOUND, 404)):
        headers = await key_with(platform, [Role.DEVELOPER], person)
        assert (await AsgiClient(app, headers).call("GET", path)).status == status
    expect(await alice.call("PATCH", f"{path}/visibility", {"teams": [SOUND.team]}))
    headers = await key_with(platform, [Role.DEVELOPER], SOUND)
    assert (await AsgiClient(app, headers).call("GET", path)).status == 200
