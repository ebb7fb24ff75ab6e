"""Roles over REST: the prebuilt ones, custom ones, and what may be put into them."""

from typing import Any

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.core.database import Database
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import PERMISSIONS, Role
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.callers import key_with, project_key
from tests.entrypoints.rest.key_steps import set_key
from tests.entrypoints.rest.people import ACME, ADMINISTRATORS, VISION, add_someone
from tests.entrypoints.rest.steps import expect, expect_error
from tests.journeys import client_types
from tests.library import audited

ROLES = "/api/accounting/roles"
OPERATOR = {
    "identifier": "OPERATOR",
    "name": "Operator",
    "description": "Looks after jobs.",
    "entitlements": ["jobs:read", "CAN_CANCEL_JOBS", {"identifier": "CAN_READ_MODELS"}],
}


async def test_the_prebuilt_roles_are_listed_by_weight(alice: AsgiClient) -> None:
    roles = expect(await alice.call("GET", ROLES))

    assert [role["identifier"] for role in roles] == [str(role) for role in Role]
    assert [role["weight"] for role in roles] == sorted(role["weight"] for role in roles)
    assert {role["type"] for role in roles} == {"user", "system"}
    for role in roles:
        assert role["isPrebuilt"]
        assert {entry["identifier"] for entry in role["entitlements"]} == {
            permission.entitlement for permission in PERMISSIONS[Role(role["identifier"])]
        }
    assert [role["identifier"] for role in expect(await alice.call("GET", f"{ROLES}?type=system"))] == ["PROJECT"]


@pytest.mark.parametrize("role", [role for role in Role if role != Role.PROJECT])
async def test_entitlements_of_the_caller(app: FastAPI, platform: Platform, role: Role) -> None:
    client = AsgiClient(app, await key_with(platform, [role]))
    entitlements = expect(await client.call("GET", "/api/accounting/entitlements"))

    assert {entry["identifier"] for entry in entitlements} == {each.entitlement for each in PERMISSIONS[role]}
    assert [entry["weight"] for entry in entitlements] == sorted(entry["weight"] for entry in entitlements)
    assert client_types.problems(client_types.many(client_types.ENTITLEMENT), entitlements) == []


async def test_entitlements_after_scopes_and_of_projects(app: FastAPI, platform: Platform) -> None:
    narrow = AsgiClient(app, await key_with(platform, [Role.DEVELOPER], scopes=[Permission.READ_JOBS]))
    project = AsgiClient(app, await project_key(platform))

    (only,) = expect(await narrow.call("GET", "/api/accounting/entitlements"))
    assert only["identifier"] == "CAN_READ_JOBS"
    listed = {entry["identifier"] for entry in expect(await project.call("GET", "/api/accounting/entitlements"))}
    assert "CAN_SUBMIT_JOBS" in listed
    assert "CAN_USE_PROFILE" not in listed


async def test_a_custom_role_allows_what_it_says(
    app: FastAPI, platform: Platform, olga: AsgiClient, database: Database
) -> None:
    made = expect(await olga.call("POST", ROLES, OPERATOR), 201)
    operator = AsgiClient(app, await key_with(platform, ["OPERATOR"]))

    assert not made["isPrebuilt"]
    assert {entry["identifier"] for entry in made["entitlements"]} == {
        "CAN_READ_JOBS",
        "CAN_CANCEL_JOBS",
        "CAN_READ_MODELS",
    }
    expect(await operator.call("GET", "/api/jobs"))
    expect_error(await operator.call("GET", "/api/accounting/users"), 403, "users:read")
    changed = expect(await olga.call("PATCH", f"{ROLES}/OPERATOR", {"entitlements": ["users:read"]}))
    assert [entry["identifier"] for entry in changed["entitlements"]] == ["CAN_READ_USERS"]
    expect_error(await operator.call("GET", "/api/jobs"), 403, "jobs:read")
    expect(await operator.call("GET", "/api/accounting/users"))
    expect_error(await olga.call("DELETE", f"{ROLES}/OPERATOR"), 409, "in use", "team-vision")
    target = f"role/{CAST.olga.account_id}/OPERATOR"
    assert await audited(database, target) == ["role:created", "role:changed"]


async def test_a_role_that_nobody_has_is_deleted(olga: AsgiClient) -> None:
    expect(await olga.call("POST", ROLES, OPERATOR), 201)

    assert (await olga.call("DELETE", f"{ROLES}/OPERATOR")).status == 204
    expect_error(await olga.call("GET", f"{ROLES}/OPERATOR"), 404)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"identifier": "AUDITOR"}, 409, "already"),
        ({"identifier": "TEAM_ROLE"}, 409, "already"),
        ({"identifier": "operator"}, 400, "capital letters"),
        ({"identifier": "X"}, 400, "capital letters"),
        ({"identifier": "A" * 61}, 400, "capital letters"),
        ({"identifier": "A\x00"}, 400, "capital letters"),
        ({"name": ""}, 400, "name"),
        ({"name": "a\nb"}, 400, "name"),
        ({"name": "x" * 101}, 400, "name"),
        ({"weight": -1}, 400, "weight"),
        ({"weight": 10**12}, 400, "weight"),
        ({"type": "robot"}, 400, "type"),
        ({"entitlements": []}, 400, "at least one"),
        ({"entitlements": ["jobs:burn"]}, 400, "jobs:burn"),
        ({"type": "system", "entitlements": ["users:manage"]}, 400, "not for projects"),
        ({"description": "x" * 501}, 400, "description"),
        ({"account": CAST.charlie.account_id + "x"}, 404, "account"),
    ],
)
async def test_bad_roles_are_refused_whole(olga: AsgiClient, changes: dict[str, Any], status: int, words: str) -> None:
    before = expect(await olga.call("GET", ROLES))

    expect_error(await olga.call("POST", ROLES, OPERATOR | changes), status, words)

    assert expect(await olga.call("GET", ROLES)) == before


async def test_prebuilt_roles_stay_as_they_are(olga: AsgiClient) -> None:
    expect_error(await olga.call("PATCH", f"{ROLES}/AUDITOR", {"name": "Mine"}), 409, "prebuilt")
    expect_error(await olga.call("DELETE", f"{ROLES}/AUDITOR"), 409, "prebuilt")


async def test_nobody_raises_their_own_rights_through_a_role(
    app: FastAPI, platform: Platform, olga: AsgiClient
) -> None:
    expect(await olga.call("POST", ROLES, OPERATOR), 201)
    owner = AsgiClient(app, await key_with(platform, [Role.SYSTEM_OWNER, "OPERATOR"]))

    error = await owner.call("PATCH", f"{ROLES}/OPERATOR", {"entitlements": ["jobs:read", "models:deploy"]})

    expect_error(error, 403, "yourself")


async def test_only_platform_administrators_make_roles(app: FastAPI, platform: Platform, alice: AsgiClient) -> None:
    admin = AsgiClient(app, await key_with(platform, [Role.ACCOUNT_ADMIN]))

    for client in (alice, admin):
        expect_error(await client.call("POST", ROLES, OPERATOR), 403, "roles:manage")


HR = ["users:manage", "users:read", "teams:read", "teams:manage", "keys:read", "roles:assign", "profile:use"]


async def test_nobody_gives_a_role_that_administers_more_than_they_do(
    app: FastAPI, platform: Platform, olga: AsgiClient
) -> None:
    expect(await olga.call("POST", ROLES, {"identifier": "HR", "name": "HR", "entitlements": HR}), 201)
    for team in (VISION, ADMINISTRATORS):
        hana = await add_someone(app, platform, "HR", team=team)
        bob = await add_someone(app, platform, Role.DEVELOPER, team=team)
        member = f"/api/accounting/teams/{team}/members/{bob.user_id}"
        invited = {"firstName": "A", "lastName": "B", "email": f"a-{team}@example.org", "roles": ["ACCOUNT_ADMIN"]}
        for answer in (
            await hana.client.call("PUT", member, {"roles": ["ACCOUNT_ADMIN"]}),
            await hana.client.call("POST", f"/api/accounting/accounts/{ACME}/users", invited),
        ):
            expect_error(answer, 403, "ACCOUNT_ADMIN", "keys:manage")
        for role in ("DATA_SCIENTIST", "DEVELOPER", "HR"):
            expect(await hana.client.call("PUT", member, {"roles": [role]}))


async def test_a_scoped_key_gives_no_more_than_its_scopes(app: FastAPI, platform: Platform) -> None:
    tara = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    bob = await add_someone(app, platform, Role.DEVELOPER)
    key = f"/api/accounting/access-keys/{bob.prefix}/roles"
    expect(await tara.client.call("PUT", key, {"roles": ["ACCOUNT_ADMIN"]}))
    expect(await tara.client.call("PUT", key, {"roles": ["DEVELOPER"]}))
    await set_key(platform, tara.prefix, scopes=["users:manage", "roles:assign", "keys:read", "teams:read"])

    expect_error(await tara.client.call("PUT", key, {"roles": ["ACCOUNT_ADMIN"]}), 403, "ACCOUNT_ADMIN")
    expect(await tara.client.call("PUT", key, {"roles": ["DATA_SCIENTIST"]}))
