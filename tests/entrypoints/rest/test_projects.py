"""Projects over the API: in the shapes that existing clients read, with keys that work for their project alone."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from modelyard.app import Platform
from modelyard.domain.accounts.api_keys import give_body
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import ApiKey
from modelyard.domain.audit.tables import AuditEvent
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.key_steps import KEYS
from tests.entrypoints.rest.people import ADMINISTRATORS, SOUND, VISION, add_someone
from tests.entrypoints.rest.steps import Walk, expect, expect_error, snapshot

PROJECTS = "/api/accounting/projects"
BOB = CAST.bob.user_id


async def _project(client: AsgiClient, **wanted: Any) -> dict[str, Any]:
    created: dict[str, Any] = expect(await client.call("POST", PROJECTS, {"name": "Reports"} | wanted), 201)
    return created


async def _with_key(platform: Platform, client: AsgiClient, prefix: str) -> AsgiClient:
    """Who calls with the key, whose body is made here."""
    async with platform.database.write() as session:
        new = give_body(session, platform.clock, platform.fingerprinter, await session.get_one(ApiKey, prefix))
    return AsgiClient(client.app, {"authorization": f"ApiKey {new.text}"})


async def test_shape(alice: AsgiClient) -> None:
    created = await _project(alice, description="Every night", visibility="TEAM")
    (key,) = created["accessKeys"]

    assert set(created) == {
        *("identifier", "name", "description", "status", "visibility", "accessKeys", "user", "members", "team"),
        *("createdAt", "updatedAt"),
    }
    assert set(key) == {"prefix", "name", "description", "isDefault", "isHighPriority", "status", "createdAt"}
    assert (key["name"], key["status"], key["isDefault"]) == ("Default", "Active", False)
    assert created["user"] == {
        "identifier": CAST.alice.user_id,
        "firstName": "Alice",
        "lastName": "Example",
        "email": "alice@example.org",
    }
    assert created["team"] == {"identifier": "team-vision", "name": "team-vision"}
    assert created["createdAt"].endswith("+00:00")
    assert expect(await alice.call("GET", f"{PROJECTS}/{created['identifier']}")) == created
    assert expect(await alice.call("GET", f"{PROJECTS}?search=rep&status=active")) == [created]
    assert expect(await alice.call("GET", f"{PROJECTS}?status=DELETED")) == []


async def test_life(alice: AsgiClient, bob: AsgiClient) -> None:
    path = f"{PROJECTS}/{(await _project(alice))['identifier']}"
    expect_error(await bob.call("GET", path), 404)
    shared = expect(await alice.call("PUT", f"{path}/members/{BOB}"))
    assert [member["identifier"] for member in shared["members"]] == [BOB]
    assert expect(await bob.call("GET", path)) == shared
    expect_error(await bob.call("PATCH", path, {"name": "Mine"}), 403, "owner")
    key = expect(await alice.call("POST", f"{path}/access-keys", {"name": "Night", "description": "For cron"}), 201)
    assert (key["keyType"], key["roles"], key["project"]["name"]) == ("system", ["PROJECT"], "Reports")
    assert len(expect(await bob.call("GET", path))["accessKeys"]) == 2
    assert expect(await alice.call("DELETE", f"{path}/members/{BOB}"))["members"] == []
    expect_error(await alice.call("DELETE", f"{path}/members/{BOB}"), 404)
    changed = expect(await alice.call("PATCH", path, {"status": "inactive", "name": "Weekly", "description": None}))
    assert (changed["status"], changed["name"]) == ("INACTIVE", "Weekly")
    deleted = expect(await alice.call("DELETE", path))
    assert (deleted["status"], {key["status"] for key in deleted["accessKeys"]}) == ("DELETED", {"Deleted"})
    expect_error(await alice.call("DELETE", path), 409, "final")
    assert expect(await alice.call("GET", PROJECTS)) == []


async def test_jobs_of_a_projects_key(alice: AsgiClient, platform: Platform, walk: Walk) -> None:
    model_id = await walk.active()
    expect(await alice.call("PATCH", f"/api/models/{model_id}/visibility", {"scope": "TEAM"}))
    created = await _project(alice)
    project = {"identifier": created["identifier"], "name": "Reports"}
    client = await _with_key(platform, alice, created["accessKeys"][0]["prefix"])
    body = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {"a": {"input.txt": "text"}}},
    }
    receipt = expect(await client.call("POST", "/api/jobs", body), 202)
    own = expect(await alice.call("POST", "/api/jobs", body), 202)
    job = f"/api/jobs/{receipt['jobIdentifier']}"

    assert receipt["project"] == project
    assert "project" not in own
    details = expect(await client.call("GET", job))
    assert details["project"] == expect(await alice.call("GET", job))["project"] == project
    assert details["user"]["accessKeys"] == [{"prefix": created["accessKeys"][0]["prefix"], "isDefault": False}]
    assert [entry["jobIdentifier"] for entry in expect(await client.call("GET", "/api/jobs/history"))] == [
        receipt["jobIdentifier"]
    ]
    expect_error(await client.call("GET", f"/api/jobs/{own['jobIdentifier']}"), 404)
    statistics = expect(await client.call("GET", f"{PROJECTS}/{project['identifier']}/statistics"))
    assert statistics == {
        "jobs": 1,
        "items": 1,
        "completed": 0,
        "failed": 0,
        "inputBytes": 4,
        "models": [{"identifier": model_id, "name": "echo", "version": "0.1.0", "jobs": 1}],
    }


async def test_a_projects_key_does_nothing_else(alice: AsgiClient, platform: Platform) -> None:
    created = await _project(alice)
    path = f"{PROJECTS}/{created['identifier']}"
    other = await _project(alice, visibility="ACCOUNT")
    client = await _with_key(platform, alice, created["accessKeys"][0]["prefix"])

    assert [project["identifier"] for project in expect(await client.call("GET", PROJECTS))] == [created["identifier"]]
    expect_error(await client.call("GET", f"{PROJECTS}/{other['identifier']}"), 404)
    for method, address, body in (
        ("POST", PROJECTS, {"name": "More"}),
        ("PATCH", path, {"name": "Mine"}),
        ("DELETE", path, None),
        ("PUT", f"{path}/members/{BOB}", None),
        ("POST", f"{path}/access-keys", {"name": "More"}),
        ("POST", "/api/models", {"name": "model", "version": "0.1.0"}),
    ):
        expect_error(await client.call(method, address, body), 403)
    expect(await alice.call("PATCH", path, {"status": "INACTIVE"}))
    expect_error(await client.call("GET", PROJECTS), 401)
    expect(await alice.call("PATCH", path, {"status": "ACTIVE"}))
    expect(await client.call("GET", PROJECTS))
    expect(await alice.call("DELETE", path))
    expect_error(await client.call("GET", PROJECTS), 401)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": 5}, "name"),
        ({"description": "x" * 2001}, "description"),
        ({"visibility": "public"}, "visibility"),
        ({"status": "gone"}, "status"),
        ({"status": "x" * 5000}, "status"),
        ({"user": ["a"]}, "user"),
    ],
)
async def test_bad_input_changes_nothing(
    alice: AsgiClient, platform: Platform, changes: dict[str, Any], word: str
) -> None:
    path = f"{PROJECTS}/{(await _project(alice))['identifier']}"
    before = await snapshot(platform.database)
    expect_error(await alice.call("PATCH", path, changes), 400, word)
    if word not in {"status", "user"}:
        expect_error(await alice.call("POST", PROJECTS, {"name": "Reports"} | changes), 400, word)
    if word in {"name", "description"}:
        expect_error(await alice.call("POST", f"{path}/access-keys", {"name": "Key"} | changes), 400, word)
    expect_error(await alice.call("GET", f"{PROJECTS}?status=gone"), 400, "status")

    assert await snapshot(platform.database) == before


async def test_html_is_just_text(alice: AsgiClient) -> None:
    assert (await _project(alice, name="<b>Reports</b> & מספרים"))["name"] == "<b>Reports</b> & מספרים"


async def test_unknown_ids(alice: AsgiClient, platform: Platform) -> None:
    path = f"{PROJECTS}/{(await _project(alice))['identifier']}"
    before = await snapshot(platform.database)
    for name in ("nothing", "%00", "%ff", "A" * 5000, "'%20OR%201=1--"):
        expect_error(await alice.call("GET", f"{PROJECTS}/{name}"), 404)
        expect_error(await alice.call("PATCH", f"{PROJECTS}/{name}", {}), 404)
        expect_error(await alice.call("GET", f"{PROJECTS}/{name}/statistics"), 404)
        expect_error(await alice.call("PUT", f"{path}/members/{name}"), 404)
        expect_error(await alice.call("DELETE", f"{path}/members/{name}"), 404)
    expect_error(await alice.call("POST", PROJECTS, {"name": "Reports", "team": "team-strangers"}), 404)
    assert await snapshot(platform.database) == before


async def test_a_projects_keys_rest_when_its_owner_leaves_the_team(
    app: FastAPI, platform: Platform, walk: Walk, alice: AsgiClient, olga: AsgiClient
) -> None:
    model_id = await walk.active()
    expect(await alice.call("PATCH", f"/api/models/{model_id}/visibility", {"scope": "TEAM"}))
    sam = await add_someone(app, platform, Role.DEVELOPER, also_in=(SOUND,))
    created = await _project(sam.client)
    project, prefix = f"{PROJECTS}/{created['identifier']}", created["accessKeys"][0]["prefix"]
    others = await _with_key(platform, sam.client, prefix)
    body = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {"a": {"input.txt": "text"}}},
    }
    job = f"/api/jobs/{expect(await others.call('POST', '/api/jobs', body), 202)['jobIdentifier']}"
    in_sound = await _key_in(platform, sam.client, sam.user_id, SOUND)

    expect(await olga.call("DELETE", f"/api/accounting/teams/{VISION}/members/{sam.user_id}"))

    expect_error(await others.call("GET", "/api/models"), 401)
    assert expect(await olga.call("GET", job))["status"] == "CANCELED"
    for method, path, what in (
        ("POST", f"{KEYS}/{prefix}/replace", {}),
        ("POST", f"{project}/access-keys", {"name": "another"}),
        ("PATCH", f"{KEYS}/{prefix}", {"name": "renamed"}),
        ("PATCH", project, {"name": "renamed"}),
    ):
        expect_error(await in_sound.call(method, path, what), 403, "hand the project over")
    async with platform.database.read() as session:
        removed = await session.scalar(select(AuditEvent).where(AuditEvent.action == "team:member:removed"))
    assert removed is not None
    assert removed.details["restingProjects"] == [created["identifier"]]

    expect(await olga.call("PATCH", project, {"user": BOB}))
    expect(await others.call("GET", "/api/models"))


async def test_who_leaves_for_the_admin_team_keeps_their_projects(
    app: FastAPI, platform: Platform, olga: AsgiClient
) -> None:
    sam = await add_someone(app, platform, Role.DEVELOPER, also_in=(ADMINISTRATORS,))
    key = await _with_key(platform, sam.client, (await _project(sam.client))["accessKeys"][0]["prefix"])
    for team, status in ((VISION, 200), (ADMINISTRATORS, 401)):
        expect(await olga.call("DELETE", f"/api/accounting/teams/{team}/members/{sam.user_id}"))
        assert (await key.call("GET", "/api/models")).status == status


async def _key_in(platform: Platform, client: AsgiClient, user_id: str, team: str) -> AsgiClient:
    """Who calls with the key of a user in one of their teams."""
    query = select(ApiKey.prefix).where(ApiKey.user_id == user_id, ApiKey.team_id == team, ApiKey.project_id.is_(None))
    async with platform.database.read() as session:
        prefix = (await session.scalars(query)).one()
    return await _with_key(platform, client, prefix)
