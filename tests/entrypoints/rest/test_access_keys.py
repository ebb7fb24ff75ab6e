"""API keys over REST: who sees, changes and deletes which, and what a key may do to itself."""

from typing import Any

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import ProjectMember, User
from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
from tests.domain.jobs.steps import submit
from tests.entrypoints.rest.callers import SOUND, session_of
from tests.entrypoints.rest.key_steps import ALICE, KEYS, add_project_key, key_row, newest_event, prefixes, set_key
from tests.entrypoints.rest.people import ADMINISTRATORS, Someone, add_someone
from tests.entrypoints.rest.steps import Walk, expect, expect_error, snapshot
from tests.journeys import client_types
from tests.library import audited
from tests.manual_clock import ManualClock

MEMBERS = {
    *("prefix", "name", "isDefault", "isHighPriority", "status", "createdAt", "submittedJobs", "retrieved", "roles"),
    *("labels", "keyType", "account", "user", "team", "scopes", "networks"),
}


@pytest.fixture
def olga(app: FastAPI) -> AsgiClient:
    """A platform administrator, who administers Alice's account, too."""
    return AsgiClient(app, {"authorization": authorization(CAST.olga)})


@pytest.fixture
async def tara(app: FastAPI, platform: Platform) -> Someone:
    """Administers Alice's team."""
    return await add_someone(app, platform, Role.ACCOUNT_ADMIN)


# reading


async def test_a_key_on_the_wire(alice: AsgiClient) -> None:
    key = expect(await alice.call("GET", ALICE))

    assert set(key) - {"lastActiveDateTime"} == MEMBERS
    assert key["account"] == {"identifier": "account-acme", "name": "acme"}
    assert key["user"]["email"] == "alice@example.org"
    assert key["team"] == {"identifier": "team-vision", "name": "team-vision"}
    assert key["roles"] == ["DATA_SCIENTIST"]
    assert key["keyType"] == "user"
    assert key["isDefault"] is True
    assert key["retrieved"] is True
    assert client_types.problems(client_types.ACCESS_KEY, key) == []


async def test_who_sees_which_keys(
    app: FastAPI, platform: Platform, alice: AsgiClient, charlie: AsgiClient, olga: AsgiClient, tara: Someone
) -> None:
    sound = await add_someone(app, platform, Role.DEVELOPER, team=SOUND.team)
    auditor = await add_someone(app, platform, Role.AUDITOR)

    assert await prefixes(alice) == {"aliceprefix"}
    assert await prefixes(charlie) == {"charlieprefix"}
    assert await prefixes(tara.client) == {"aliceprefix", "bobprefix", tara.prefix, auditor.prefix}
    everything = {"aliceprefix", "bobprefix", "charlieprefix", "olgaprefix", tara.prefix, sound.prefix, auditor.prefix}
    assert await prefixes(olga) == everything
    assert await prefixes(auditor.client) == everything
    for prefix in ("bobprefix", "charlieprefix", "nothing", "%00", "x" * 3000):
        expect_error(await alice.call("GET", f"{KEYS}/{prefix}"), 404)


async def test_who_works_in_a_project_sees_its_keys(
    app: FastAPI, platform: Platform, alice: AsgiClient, bob: AsgiClient
) -> None:
    project, header = await add_project_key(platform)
    of_project = AsgiClient(app, {"authorization": header})
    assert await prefixes(bob) == {"bobprefix"}
    async with platform.database.write() as session:
        session.add(ProjectMember(project_id=project.id, user_id="user-bob", created_at=platform.clock.now()))

    assert await prefixes(alice) == {"aliceprefix", "projectprefix"}
    assert await prefixes(bob) == {"bobprefix", "projectprefix"}
    assert await prefixes(of_project) == {"projectprefix"}
    key = expect(await bob.call("GET", f"{KEYS}/projectprefix"))
    assert key["keyType"] == "system"
    assert key["project"] == {"identifier": project.id, "name": "A project"}
    for path in ("hash", "replace"):
        expect_error(await bob.call("POST", f"{KEYS}/projectprefix/{path}"), 403, "owner")


async def test_filters(olga: AsgiClient, platform: Platform) -> None:
    await set_key(platform, "bobprefix", status="Inactive", description="for the nightly run")
    await set_key(platform, "charlieprefix", status="Deleted")

    for query, found in {
        "?user=user-alice": {"aliceprefix"},
        "?user=Alice@Example.org": {"aliceprefix"},
        "?user=nobody": set[str](),
        "?team=team-vision": {"aliceprefix", "bobprefix"},
        "?project=nothing": set[str](),
        "?status=inactive": {"bobprefix"},
        "?status=DELETED": {"charlieprefix"},
        "?status=Deleted,Inactive": {"bobprefix", "charlieprefix"},
        "?status=undefined": {"aliceprefix", "bobprefix", "olgaprefix"},
        "?search=NIGHTLY": {"bobprefix"},
        "?search=eprefi": {"aliceprefix"},
        "?search=%25": set[str](),
        "?search=bob@": {"bobprefix"},
    }.items():
        assert await prefixes(olga, query) == found, query
    expect_error(await olga.call("GET", f"{KEYS}?status=lost"), 400, "Active", "lost")
    expect(await olga.call("GET", f"{KEYS}/charlieprefix"))


async def test_pages_and_order(olga: AsgiClient) -> None:
    first = await olga.call("GET", f"{KEYS}?per-page=3&sort-by=name&direction=desc")
    names = [key["name"] for key in expect(first)]
    assert names == ["Olga Example", "Charlie Example", "Bob Example"]
    assert 'rel="next"' in first.headers["link"]
    last = await olga.call("GET", f"{KEYS}?per-page=3&page=2&sort-by=name&direction=desc")
    assert [key["name"] for key in expect(last)] == ["Alice Example"]
    assert "link" not in last.headers


async def test_keys_of_a_user(olga: AsgiClient, alice: AsgiClient) -> None:
    (key,) = expect(await olga.call("GET", f"{KEYS}/user/ALICE@example.org"))
    assert key["prefix"] == "aliceprefix"
    assert expect(await alice.call("GET", f"{KEYS}/user/bob@example.org")) == []
    assert expect(await alice.call("GET", f"{KEYS}/user/nobody")) == []


async def test_submitted_jobs_are_counted(alice: AsgiClient, olga: AsgiClient, platform: Platform, walk: Walk) -> None:
    model_id = await walk.active()
    for _ in range(3):
        await submit(platform.database, ManualClock(), model_id)

    assert expect(await alice.call("GET", ALICE))["submittedJobs"] == 3
    counts = {key["prefix"]: key["submittedJobs"] for key in expect(await olga.call("GET", KEYS))}
    assert counts == {"aliceprefix": 3, "bobprefix": 0, "charlieprefix": 0, "olgaprefix": 0}


# changing


async def test_an_owner_describes_their_key(alice: AsgiClient, platform: Platform) -> None:
    changes = {"name": " My  key ", "description": "for work", "labels": ["a", "b", "a"]}
    key = expect(await alice.call("PATCH", ALICE, changes))

    assert (key["name"], key["description"], key["labels"]) == ("My key", "for work", ["a", "b"])
    assert expect(await alice.call("PATCH", ALICE, {"name": None, "description": ""}))["name"] == "My key"
    event = await newest_event(platform)
    assert (event.action, event.target) == ("key:changed", "key/aliceprefix")
    assert event.details == {"before": {"description": "for work"}, "after": {"description": ""}}
    expect(await alice.call("PATCH", ALICE, {"name": "My key", "labels": ["a", "b"]}))
    assert await audited(platform.database, "key/aliceprefix") == ["key:changed"] * 2


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "Inactive"},
        {"isHighPriority": True},
        {"expiresAt": "2099-01-01"},
        {"scopes": ["jobs:read"]},
        {"networks": ["10.0.0.0/8"]},
        {"name": "New", "scopes": []},
    ],
)
async def test_an_owner_limits_no_key(alice: AsgiClient, platform: Platform, changes: dict[str, Any]) -> None:
    before = await snapshot(platform.database)
    expect_error(await alice.call("PATCH", ALICE, changes), 403, "administrators")
    assert await snapshot(platform.database) == before


async def test_who_changes_which_keys(
    app: FastAPI, platform: Platform, bob: AsgiClient, charlie: AsgiClient, olga: AsgiClient, tara: Someone
) -> None:
    sound = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=SOUND.team)
    head = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    stranger = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team="admin-other", account="account-other")
    auditor = await add_someone(app, platform, Role.AUDITOR)
    name = {"name": "Changed"}
    for client, status in (
        (bob, 404),
        (charlie, 404),
        (sound.client, 404),
        (stranger.client, 404),
        (auditor.client, 403),
        (tara.client, 200),
        (head.client, 200),
        (olga, 200),
    ):
        assert (await client.call("PATCH", ALICE, name)).status == status
    expect_error(await stranger.client.call("PATCH", f"{KEYS}/olgaprefix", name), 404)
    expect_error(await head.client.call("PATCH", f"{KEYS}/olgaprefix", name), 403, "reach farther")
    expect(await stranger.client.call("PATCH", f"{KEYS}/charlieprefix", name))


async def test_status_goes_along_its_ways(olga: AsgiClient, platform: Platform) -> None:
    for before, after, status in (
        ("Active", "Inactive", 200),
        ("Inactive", "active", 200),
        ("Active", "Pending", 409),
        ("Active", "Rejected", 409),
        ("Inactive", "Rejected", 409),
        ("Inactive", "Deleted", 200),
        ("Active", "Active", 200),
        ("Deleted", "Deleted", 200),
        ("Deleted", "Active", 409),
        ("Deleted", "Inactive", 409),
    ):
        await set_key(platform, "aliceprefix", status=before)
        answer = await olga.call("PATCH", ALICE, {"status": after})
        assert answer.status == status, (before, after, answer.body)
        assert (await key_row(platform)).status == (after.capitalize() if status == 200 else before)
    expect_error(await olga.call("PATCH", ALICE, {"status": "Gone"}), 400, "Inactive")


async def test_deleted_is_final(olga: AsgiClient, alice: AsgiClient, platform: Platform) -> None:
    assert expect(await olga.call("DELETE", ALICE))["status"] == "Deleted"
    before = await snapshot(platform.database)

    expect_error(await alice.call("GET", ALICE), 401)
    for method, path, body in (
        ("PATCH", ALICE, {"name": "New"}),
        ("PATCH", ALICE, {"status": "Active"}),
        ("PUT", f"{ALICE}/roles", ["DEVELOPER"]),
    ):
        expect_error(await olga.call(method, path, body), 409, "final")
    expect(await olga.call("DELETE", ALICE))
    assert await snapshot(platform.database) == before
    assert await audited(platform.database, "key/aliceprefix") == ["key:deleted"]


async def test_a_key_of_somebody_inactive_stays_inactive(olga: AsgiClient, platform: Platform) -> None:
    await set_key(platform, "aliceprefix", status="Inactive")
    async with platform.database.write() as session:
        (await session.get_one(User, "user-alice")).status = "Inactive"

    expect_error(await olga.call("PATCH", ALICE, {"status": "Active"}), 409, "owner", "Inactive")
    assert (await key_row(platform)).status == "Inactive"


@pytest.mark.parametrize("status", ["Inactive", "Deleted"])
async def test_jobs_of_a_key_that_stops_are_canceled(
    olga: AsgiClient, platform: Platform, walk: Walk, status: str
) -> None:
    model_id = await walk.active()
    jobs = [await submit(platform.database, ManualClock(), model_id) for _ in range(2)]

    expect(await olga.call("PATCH", ALICE, {"status": status}))

    for job in jobs:
        assert expect(await olga.call("GET", f"/api/jobs/{job.job.id}"))["status"] == "CANCELED"
        assert (await audited(platform.database, f"job/{job.job.id}"))[-1] == "job:canceled"
    assert expect(await olga.call("GET", ALICE))["submittedJobs"] == 2


async def test_revocation_holds_at_once(olga: AsgiClient, alice: AsgiClient) -> None:
    expect(await alice.call("GET", ALICE))
    expect(await olga.call("PATCH", ALICE, {"status": "Inactive"}))
    expect_error(await alice.call("GET", ALICE), 401)
    expect(await olga.call("PATCH", ALICE, {"status": "Active"}))
    expect(await alice.call("GET", ALICE))
    expect(await olga.call("PATCH", ALICE, {"scopes": ["jobs:read"]}))
    expect_error(await alice.call("GET", ALICE), 403, "keys:read")
    expect(await olga.call("PATCH", ALICE, {"scopes": [], "networks": ["10.0.0.0/8"]}))
    expect_error(await alice.call("GET", ALICE), 403, "127.0.0.1")
    expect(await olga.call("PATCH", ALICE, {"networks": ["10.0.0.0/8", "127.0.0.0/8"]}))
    expect(await alice.call("GET", ALICE))


async def test_limits_on_the_wire(olga: AsgiClient, platform: Platform) -> None:
    changes = {
        "scopes": ["CAN_SUBMIT_JOBS", "jobs:read"],
        "networks": ["::ffff:127.0.0.1", "2001:db8::/32"],
        "expiresAt": "2099-01-02T03:04:05+01:00",
        "isHighPriority": True,
    }
    key = expect(await olga.call("PATCH", ALICE, changes))
    assert key["scopes"] == ["jobs:read", "jobs:submit"]
    assert key["networks"] == ["127.0.0.1/32", "2001:db8::/32"]
    assert key["expiresAt"] == "2099-01-02T02:04:05.000+00:00"
    assert key["isHighPriority"] is True
    details = (await newest_event(platform)).details
    assert details["before"] == {"scopes": [], "networks": [], "expires_at": None, "is_high_priority": False}
    assert details["after"]["expires_at"] == "2099-01-02T02:04:05+00:00"
    key = expect(await olga.call("PATCH", ALICE, {"expiresAt": "", "scopes": None, "networks": []}))
    assert "expiresAt" not in key
    assert key["scopes"] == ["jobs:read", "jobs:submit"]
    assert key["networks"] == []


BAD_CHANGES: list[tuple[Any, str]] = [
    ({"scopes": ["jobs:everything"]}, "jobs:everything"),
    ({"scopes": "jobs:read"}, "scopes"),
    ({"networks": ["everywhere"]}, "everywhere"),
    ({"networks": ["10.0.0.0/8"] * 101}, "100"),
    ({"expiresAt": "2001-01-01"}, "past"),
    ({"expiresAt": "soon"}, "expiresAt"),
    ({"name": ""}, "name"),
    ({"name": "a\u0000b"}, "name"),
    ({"name": "a\u202eb"}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"description": "x" * 2001}, "description"),
    ({"labels": ["x" * 61]}, "labels"),
    ({"labels": [""]}, "labels"),
    ({"labels": ["a"] * 51}, "labels"),
    ({"labels": [5]}, "labels"),
    ({"status": 5}, "status"),
    ({"isHighPriority": "perhaps"}, "isHighPriority"),
    ([], "body"),
]


async def test_changes_that_cannot_be(olga: AsgiClient, platform: Platform) -> None:
    before = await snapshot(platform.database)
    for changes, word in BAD_CHANGES:
        expect_error(await olga.call("PATCH", ALICE, changes), 400, word)
    assert await snapshot(platform.database) == before


# what a key may do to itself


@pytest.mark.parametrize(
    ("limits", "changes", "member"),
    [
        ({}, {"status": "Inactive"}, "status"),
        ({}, {"status": "Deleted"}, "status"),
        ({}, {"isHighPriority": True}, "isHighPriority"),
        ({"scopes": ["keys:read", "keys:manage"]}, {"scopes": []}, "scopes"),
        ({"scopes": ["keys:read", "keys:manage"]}, {"scopes": ["keys:manage", "jobs:read"]}, "scopes"),
        ({"networks": ["127.0.0.0/8"]}, {"networks": []}, "networks"),
        ({"networks": ["127.0.0.0/8"]}, {"networks": ["127.0.0.0/8", "10.0.0.0/8"]}, "networks"),
        ({"expires": True}, {"expiresAt": ""}, "expiresAt"),
        ({"expires": True}, {"expiresAt": "2100-01-01"}, "expiresAt"),
    ],
)
async def test_a_key_does_not_widen_itself(
    tara: Someone, platform: Platform, limits: dict[str, Any], changes: dict[str, Any], member: str
) -> None:
    if limits.pop("expires", False):
        limits["expires_at"] = platform.clock.now().replace(year=2099)
    await set_key(platform, tara.prefix, **limits)
    before = await snapshot(platform.database)

    expect_error(await tara.client.call("PATCH", f"{KEYS}/{tara.prefix}", changes), 403, member)
    assert await snapshot(platform.database) == before


async def test_a_key_may_narrow_itself(tara: Someone) -> None:
    changes = {"scopes": ["keys:read", "keys:manage"], "networks": ["127.0.0.1"], "expiresAt": "2099-01-01"}
    expect(await tara.client.call("PATCH", f"{KEYS}/{tara.prefix}", changes))
    narrower = {"scopes": ["keys:read"], "expiresAt": "2098-01-01"}
    expect(await tara.client.call("PATCH", f"{KEYS}/{tara.prefix}", narrower))
    expect_error(await tara.client.call("PATCH", f"{KEYS}/{tara.prefix}", {"name": "x"}), 403)


async def test_a_signed_in_administrator_widens_their_key(app: FastAPI, platform: Platform) -> None:
    client = AsgiClient(app, await session_of(platform, [Role.ACCOUNT_ADMIN]))
    (own,) = [key for key in expect(await client.call("GET", KEYS)) if key["roles"] == ["ACCOUNT_ADMIN"]]
    await set_key(platform, own["prefix"], scopes=["jobs:read"], status="Inactive")

    key = expect(await client.call("PATCH", f"{KEYS}/{own['prefix']}", {"scopes": [], "status": "Active"}))
    assert key["scopes"] == []
    assert key["status"] == "Active"
