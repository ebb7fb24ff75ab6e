"""The history of a model over HTTP, from its first day to what was live at a moment."""

from pathlib import Path

import pytest

from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import Walk, archive, expect, expect_error, picture


async def test_the_whole_life_of_a_model(alice: AsgiClient, walk: Walk, tmp_path: Path) -> None:
    model_id = await walk.deployed(archive(tmp_path))
    path = f"/api/models/{model_id}"
    expect(await alice.upload(f"{path}/image", picture(), file_name="a.png"), 201)
    expect(await alice.call("PUT", f"{path}/versions/0.1.0/sample-output", {"label": "good"}))
    expect(await alice.call("PATCH", f"{path}/visibility", {"scope": "ACCOUNT"}))
    expect(await alice.call("PATCH", f"{path}/versions/0.1.0", {"status": "inactive"}))
    entries = expect(await alice.call("GET", f"{path}/timeline"))

    actions = [entry["action"] for entry in reversed(entries)]
    assert set(actions) == {
        "model:created",
        "model:version:image-requested",
        "model:version:image-imported",
        "model:version:changed",
        "model:version:load-test-requested",
        "model:version:load-test-passed",
        "model:version:test-input-set",
        "model:version:run-test-requested",
        "model:version:run-test-passed",
        "model:version:activated",
        "model:picture-set",
        "model:version:sample-output-set",
        "model:visibility-changed",
        "model:version:deactivated",
    }
    assert actions[0] == "model:created"
    assert actions[-1] == "model:version:deactivated"
    assert entries[0] == {
        "at": entries[0]["at"],
        "by": CAST.alice.email,
        "byFullName": "Alice Example",
        "action": "model:version:deactivated",
        "version": "0.1.0",
        "title": "Version 0.1.0 was taken out of service.",
        "details": {"before": {"status": "active"}, "after": {"status": "inactive"}},
    }
    imported = next(entry for entry in entries if entry["action"] == "model:version:image-imported")
    assert (imported["by"], "byFullName" in imported) == ("platform", False)


async def test_pages_link_to_the_next(alice: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}"
    for number in range(3):
        expect(await alice.call("PATCH", path, {"description": str(number)}))
    first = await alice.call("GET", f"{path}/timeline?per-page=3")
    last = await alice.call("GET", f"{path}/timeline?per-page=3&page=2")

    assert (len(first.json), len(last.json)) == (3, 1)
    assert 'rel="next"' in first.headers["link"]
    assert "link" not in last.headers


async def test_what_was_live(alice: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{(await walk.described()).split('/')[3]}"
    expect(await alice.call("PATCH", f"{path}/versions/0.1.0", {"status": "active"}))
    activated = expect(await alice.call("GET", f"{path}/timeline"))[0]["at"]
    expect(await alice.call("PATCH", f"{path}/visibility", {"scope": "TEAM"}))
    future = "2999-01-01T00:00:00"

    now = expect(await alice.call("GET", f"{path}/timeline?at={future}"))
    assert now == {
        "at": "2999-01-01T00:00:00.000+00:00",
        "versions": [{"version": "0.1.0", "status": "active", "activeSince": activated}],
        "live": ["0.1.0"],
        "visibility": {"scope": "TEAM", "teams": []},
    }
    long_ago = expect(await alice.call("GET", f"{path}/timeline?at=2000-01-01T00:00:00Z"))
    assert long_ago == {"at": "2000-01-01T00:00:00.000+00:00", "versions": [], "live": []}
    plus_is_a_space = expect(await alice.call("GET", f"{path}/timeline?at={activated}"))
    assert plus_is_a_space["live"] == ["0.1.0"]


@pytest.mark.parametrize("at", ["yesterday", "0", "2026-13-01", "9999-12-31T23:59:59-14:00"])
async def test_times_that_are_none(alice: AsgiClient, walk: Walk, at: str) -> None:
    path = f"/api/models/{await walk.active()}"
    expect_error(await alice.call("GET", f"{path}/timeline?at={at}"), 400, "at")


async def test_who_sees_it(alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}"
    for query in ("", "?at=2999-01-01"):
        expect_error(await bob.call("GET", f"{path}/timeline{query}"), 404)
    expect(await alice.call("PATCH", f"{path}/visibility", {"scope": "TEAM"}))
    for query in ("", "?at=2999-01-01"):
        expect(await bob.call("GET", f"{path}/timeline{query}"))
        expect_error(await charlie.call("GET", f"{path}/timeline{query}"), 404)
