"""Deleting, restoring and cloning over REST."""

from pathlib import Path
from typing import Any

from modelyard.app import Platform
from tests.asgi import AsgiClient
from tests.entrypoints.rest.steps import Walk, archive, expect, expect_error, picture, rows, snapshot, until


async def test_there_and_back(alice: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}"
    assert (await alice.call("DELETE", path)).status == 204
    expect_error(await alice.call("GET", path), 404)
    expect_error(await alice.call("DELETE", path), 404)
    (deleted,) = expect(await alice.call("GET", "/api/models/deleted"))
    assert deleted["deletedBy"] == "alice@example.org"
    assert deleted["deletedAt"].endswith("+00:00")

    restored = expect(await alice.call("POST", f"{path}/restore"))

    assert (restored["versions"], restored["isActive"]) == (["0.1.0"], False)
    expect_error(await alice.call("POST", f"{path}/restore"), 409, "not deleted")
    titles = [entry["title"] for entry in expect(await alice.call("GET", f"{path}/timeline"))]
    assert titles[:2] == ["The model was restored.", "The model was deleted."]
    expect(await alice.call("PATCH", f"{path}/versions/0.1.0", {"status": "active"}))


async def test_versions_there_and_back(alice: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}"
    expect_error(await alice.call("DELETE", f"{path}/versions/0.1.0"), 409, "only version")
    expect(await alice.call("POST", f"{path}/versions", {"version": "3.0.0"}), 201)
    assert (await alice.call("DELETE", f"{path}/versions/3.0.0")).status == 204
    assert expect(await alice.call("GET", f"{path}/versions/deleted"))[0]["version"] == "3.0.0"
    message = expect_error(await alice.call("POST", f"{path}/versions", {"version": "3.0.0"}), 400)
    assert "already exists" in message
    assert expect(await alice.call("POST", f"{path}/versions/3.0.0/restore"))["version"] == "3.0.0"
    expect_error(await alice.call("POST", f"{path}/versions/3.0.0/restore"), 409)
    expect_error(await alice.call("POST", f"{path}/versions/9.0.0/restore"), 404)
    titles = [entry["title"] for entry in expect(await alice.call("GET", f"{path}/timeline"))]
    assert titles[:2] == ["Version 3.0.0 was restored.", "Version 3.0.0 was deleted."]


async def test_jobs_under_way_are_named(alice: AsgiClient, walk: Walk) -> None:
    model_id = await walk.active()
    job = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {"a": {"input.txt": "x"}}},
    }
    identifier = expect(await alice.call("POST", "/api/jobs", job), 202)["jobIdentifier"]
    expect_error(await alice.call("DELETE", f"/api/models/{model_id}"), 409, identifier)
    expect(await alice.call("DELETE", f"/api/jobs/{identifier}"), 202)
    assert (await alice.call("DELETE", f"/api/models/{model_id}")).status == 204
    expect_error(await alice.call("POST", "/api/jobs", job), 404)
    assert expect(await alice.call("GET", f"/api/jobs/{identifier}"))["model"]["identifier"] == model_id


async def test_for_good_go_rows_and_files(
    alice: AsgiClient, olga: AsgiClient, walk: Walk, platform: Platform, tmp_path: Path
) -> None:
    model_id = await walk.deployed(archive(tmp_path))
    path = f"/api/models/{model_id}"
    images = expect(await alice.upload(f"{path}/image", picture(), file_name="a.png"), 201)["images"]
    expect_error(await alice.call("DELETE", f"{path}?hard=true"), 403, "models:remove")
    assert (await olga.call("DELETE", f"{path}?hard=true")).status == 204
    for table in ("models", "versions", "pictures", "test_inputs", "version_tests", "container_images"):
        assert await rows(platform.database, table) == 0
    expect_error(await alice.call("GET", images[0]["url"]), 404)
    expect_error(await alice.call("POST", f"{path}/restore"), 404)
    assert expect(await olga.call("GET", "/api/models/deleted")) == []


async def test_a_clone_is_tested_and_activated_by_itself(alice: AsgiClient, walk: Walk, tmp_path: Path) -> None:
    model_id = await walk.deployed(archive(tmp_path))
    path = f"/api/models/{model_id}/versions"

    clone = expect(await alice.call("POST", f"{path}/0.1.0/clone", {"version": "0.3.0"}), 201)

    assert (clone["version"], clone["status"], clone["inputs"][0]["name"]) == ("0.3.0", "partial", "input.txt")
    expect_error(await alice.call("PATCH", f"{path}/0.3.0", {"status": "active"}), 409, "load test")
    for test in ("load-process", "run-process"):
        expect(await alice.call("POST", f"{path}/0.3.0/{test}"))
        ended = await until(alice, f"{path}/0.3.0/{test}", lambda state: "result" in state)
        assert ended["result"]["status"] == "SUCCESSFUL", ended
    assert expect(await alice.call("PATCH", f"{path}/0.3.0", {"status": "active"}))["isActive"]
    bare = expect(await alice.call("POST", f"{path}/0.1.0/clone", {"version": "0.4.0", "containerImage": False}), 201)
    assert bare["containerImage"]["uploadStatus"] == "NOT_STARTED"


async def test_bad_input_changes_nothing(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    model_id = await walk.active()
    path = f"/api/models/{model_id}"
    before = await snapshot(platform.database)
    versions: list[Any] = ["", "1", "0.1.0", "1.0.0\u0000", "9" * 5000, None, 5, 2**70, [], {}]
    for version in versions:
        expect_error(await alice.call("POST", f"{path}/versions/0.1.0/clone", {"version": version}), 400)
    bodies: list[Any] = [
        None,
        [],
        "x",
        {"version": "1.0.0", "containerImage": "perhaps"},
        {"version": "1.0.0", "containerImage": 7},
    ]
    for body in bodies:
        expect_error(await alice.call("POST", f"{path}/versions/0.1.0/clone", body), 400)
    for hard in ("perhaps", "2", "%00", "x" * 500):
        expect_error(await alice.call("DELETE", f"{path}?hard={hard}"), 400)
        expect_error(await alice.call("DELETE", f"{path}/versions/0.1.0?hard={hard}"), 400)
    for name in ("zzzzzzzzzz", "%00", "x" * 500, "-1", "%F0%9F%98%80"):
        for method, address in (
            ("DELETE", f"/api/models/{name}"),
            ("POST", f"/api/models/{name}/restore"),
            ("GET", f"/api/models/{name}/versions/deleted"),
            ("DELETE", f"{path}/versions/{name}"),
            ("POST", f"{path}/versions/{name}/restore"),
            ("POST", f"{path}/versions/{name}/clone"),
        ):
            expect_error(await alice.call(method, address, {"version": "1.0.0"} if method == "POST" else None), 404)
    assert await snapshot(platform.database) == before
    assert (await alice.call("DELETE", path)).status == 204
    wrong_names: list[Any] = ["", "a\u0000b", "x" * 101, 5, 2**70, []]
    for wrong_name in wrong_names:
        expect_error(await alice.call("POST", f"{path}/restore", {"name": wrong_name}), 400)
    expect(await alice.call("POST", f"{path}/restore", {"name": None}))
