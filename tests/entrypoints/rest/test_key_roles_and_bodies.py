"""Roles and bodies of API keys over REST: who gives which roles, and who gets to see a body."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import Project, SignedInSession
from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
from tests.entrypoints.rest.callers import SOUND, VISION, key_with, session_of
from tests.entrypoints.rest.key_steps import ALICE, KEYS, add_project_key, key_row, newest_event, prefixes, set_key
from tests.entrypoints.rest.people import ADMINISTRATORS, Someone, add_someone
from tests.entrypoints.rest.steps import expect, expect_error, snapshot
from tests.library import audited


@pytest.fixture
def olga(app: FastAPI) -> AsgiClient:
    """A platform administrator, who administers Alice's account, too."""
    return AsgiClient(app, {"authorization": authorization(CAST.olga)})


@pytest.fixture
async def tara(app: FastAPI, platform: Platform) -> Someone:
    """Administers Alice's team."""
    return await add_someone(app, platform, Role.ACCOUNT_ADMIN)


# roles


async def test_roles_of_a_users_key_are_those_of_the_membership(
    tara: Someone, alice: AsgiClient, platform: Platform
) -> None:
    key = expect(await tara.client.call("PUT", f"{ALICE}/roles", {"roles": ["DEVELOPER", "DEVELOPER"]}))

    assert key["roles"] == ["DEVELOPER"]
    assert (await key_row(platform)).roles == []
    event = await newest_event(platform)
    assert (event.action, event.target) == ("key:roles:set", "key/aliceprefix")
    assert event.details == {"before": {"roles": ["DATA_SCIENTIST"]}, "after": {"roles": ["DEVELOPER"]}}
    expect_error(await alice.call("POST", "/api/models", {}), 403, "models:deploy")
    key = expect(await tara.client.call("PUT", f"{ALICE}/roles", ["DATA_SCIENTIST", "ACCOUNT_ADMIN"]))
    assert key["roles"] == ["DATA_SCIENTIST", "ACCOUNT_ADMIN"]
    expect(await tara.client.call("PUT", f"{ALICE}/roles", ["DATA_SCIENTIST", "ACCOUNT_ADMIN"]))
    assert await audited(platform.database, "key/aliceprefix") == ["key:roles:set"] * 2


@pytest.mark.parametrize(
    ("roles", "status", "word"),
    [
        ([], 400, "none"),
        (["developer"], 400, "developer"),
        (["NOTHING"], 400, "DEVELOPER"),
        (["PROJECT"], 400, "PROJECT"),
        (["TEAM_ROLE"], 400, "TEAM_ROLE"),
        (["DEVELOPER"] * 5 + ["DEVELOPER "], 400, "DEVELOPER"),
        (["SYSTEM_OWNER"], 403, "platform administrator"),
        (["AUDITOR"], 403, "platform administrator"),
        ({"roles": None}, 400, "roles"),
        ({"roles": "DEVELOPER"}, 400, "roles"),
        ([5], 400, ""),
        ("DEVELOPER", 400, ""),
    ],
)
async def test_roles_that_cannot_be_given(
    tara: Someone, platform: Platform, roles: Any, status: int, word: str
) -> None:
    before = await snapshot(platform.database)
    expect_error(await tara.client.call("PUT", f"{ALICE}/roles", roles), status, word)
    assert await snapshot(platform.database) == before


async def test_nobody_raises_themselves(tara: Someone, olga: AsgiClient, platform: Platform) -> None:
    before = await snapshot(platform.database)
    both = ["ACCOUNT_ADMIN", "DATA_SCIENTIST"]
    expect_error(await tara.client.call("PUT", f"{KEYS}/{tara.prefix}/roles", both), 403, "yourself")
    expect_error(await olga.call("PUT", f"{KEYS}/olgaprefix/roles", ["AUDITOR"]), 403, "yourself")
    assert await snapshot(platform.database) == before


async def test_the_last_administrator_stays(olga: AsgiClient, platform: Platform) -> None:
    before = await snapshot(platform.database)
    path = f"{KEYS}/olgaprefix/roles"
    expect_error(await olga.call("PUT", path, ["DATA_SCIENTIST", "ACCOUNT_ADMIN"]), 409, "last")
    expect_error(await olga.call("PUT", path, ["SYSTEM_OWNER"]), 409, "last")
    assert await snapshot(platform.database) == before
    expect(await olga.call("PUT", path, ["SYSTEM_OWNER", "ACCOUNT_ADMIN"]))


async def test_only_platform_administrators_change_platform_administrators(app: FastAPI, platform: Platform) -> None:
    head = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    expect_error(await head.client.call("PUT", f"{KEYS}/olgaprefix/roles", ["ACCOUNT_ADMIN"]), 403, "reach farther")


async def test_a_projects_key_keeps_to_roles_for_projects(
    app: FastAPI, platform: Platform, tara: Someone, alice: AsgiClient
) -> None:
    _, header = await add_project_key(platform, roles=())
    path = f"{KEYS}/projectprefix/roles"

    expect_error(await tara.client.call("PUT", path, ["DEVELOPER"]), 400, "PROJECT")
    expect_error(await alice.call("PUT", path, ["PROJECT"]), 403)
    assert expect(await tara.client.call("PUT", path, ["PROJECT"]))["roles"] == ["PROJECT"]
    of_project = AsgiClient(app, {"authorization": header})
    for prefix in ("projectprefix", "aliceprefix"):
        expect_error(await of_project.call("PUT", f"{KEYS}/{prefix}/roles", ["PROJECT"]), 403)
    expect_error(await of_project.call("PATCH", f"{KEYS}/projectprefix", {"name": "x"}), 403)
    for action in ("hash", "replace"):
        expect_error(await of_project.call("POST", f"{KEYS}/projectprefix/{action}", {}), 403)


# bodies


async def test_the_body_is_shown_once(alice: AsgiClient, app: FastAPI, platform: Platform) -> None:
    await set_key(platform, "aliceprefix", retrieved_at=None, body_fingerprint=None)
    signed_in = AsgiClient(app, await _session_for_alice(platform))
    assert expect(await signed_in.call("GET", ALICE))["retrieved"] is False

    shown = expect(await signed_in.call("POST", f"{ALICE}/hash", {}))

    assert set(shown) == {"prefix", "body", "key"}
    assert shown["key"] == f"aliceprefix.{shown['body']}"
    anew = AsgiClient(app, {"authorization": f"ApiKey {shown['key']}"})
    assert expect(await anew.call("GET", ALICE))["retrieved"] is True
    expect_error(await signed_in.call("POST", f"{ALICE}/hash", {}), 409, "replace")
    row = await key_row(platform)
    assert row.body_fingerprint == platform.fingerprinter.of(shown["body"])
    event = await newest_event(platform)
    assert event.action == "key:body:shown"
    assert shown["body"] not in str(event.details)
    expect_error(await alice.call("GET", ALICE), 401)


async def _session_for_alice(platform: Platform) -> dict[str, str]:
    headers = await session_of(platform, [Role.DEVELOPER])
    token = headers["cookie"].partition("=")[2]
    async with platform.database.write() as session:
        row = (
            await session.scalars(
                select(SignedInSession).where(SignedInSession.fingerprint == platform.fingerprinter.of(token))
            )
        ).one()
        row.user_id = "user-alice"
    return headers


async def test_a_replaced_body_ends_the_old_one(alice: AsgiClient, app: FastAPI, platform: Platform) -> None:
    new = expect(await alice.call("POST", f"{ALICE}/replace"))

    assert new["prefix"] == "aliceprefix"
    expect_error(await alice.call("GET", ALICE), 401)
    again = AsgiClient(app, {"authorization": f"ApiKey {new['key']}"})
    newest = expect(await again.call("POST", f"{ALICE}/replace", {}))
    assert newest["body"] != new["body"]
    expect_error(await again.call("GET", ALICE), 401)
    assert await audited(platform.database, "key/aliceprefix") == ["key:body:replaced"] * 2


async def test_nobody_else_has_the_body(olga: AsgiClient, bob: AsgiClient, tara: Someone, platform: Platform) -> None:
    await set_key(platform, "aliceprefix", retrieved_at=None, body_fingerprint=None)
    before = await snapshot(platform.database)
    for action in ("hash", "replace"):
        expect_error(await olga.call("POST", f"{ALICE}/{action}", {}), 403, "owner")
        expect_error(await tara.client.call("POST", f"{ALICE}/{action}", {}), 403, "owner")
        expect_error(await bob.call("POST", f"{ALICE}/{action}", {}), 404)
    assert await snapshot(platform.database) == before


async def test_a_projects_owner_has_the_body_of_its_key(alice: AsgiClient, platform: Platform) -> None:
    project, _ = await add_project_key(platform)
    assert expect(await alice.call("POST", f"{KEYS}/projectprefix/replace"))["prefix"] == "projectprefix"
    async with platform.database.write() as session:
        (await session.get_one(Project, project.id)).user_id = "user-bob"
    expect_error(await alice.call("POST", f"{KEYS}/projectprefix/replace"), 403, "owner")


@pytest.mark.parametrize("status", ["Inactive", "Pending", "Rejected", "Deleted"])
async def test_a_key_that_does_not_work_is_not_given_out(alice: AsgiClient, platform: Platform, status: str) -> None:
    await add_project_key(platform)
    await set_key(platform, "projectprefix", status=status, retrieved_at=None)
    for action in ("hash", "replace"):
        expect_error(await alice.call("POST", f"{KEYS}/projectprefix/{action}", {}), 409, status)


async def test_a_limited_key_gives_out_none_that_may_do_more(alice: AsgiClient, platform: Platform) -> None:
    await add_project_key(platform)
    await set_key(platform, "aliceprefix", scopes=["profile:use", "keys:read"], networks=["127.0.0.0/8"])

    message = expect_error(await alice.call("POST", f"{KEYS}/projectprefix/replace"), 403, "limited more")
    assert "scopes, networks" in message
    await set_key(platform, "projectprefix", scopes=["keys:read"], networks=["127.0.0.1/32"])
    expect(await alice.call("POST", f"{KEYS}/projectprefix/replace"))
    expect(await alice.call("POST", f"{ALICE}/replace"))


async def test_another_key_of_the_same_person_replaces_one(app: FastAPI, platform: Platform) -> None:
    both = await add_someone(app, platform, Role.DEVELOPER, also_in=(SOUND.team,))
    (other,) = [prefix for prefix in await prefixes(both.client) if prefix != both.prefix]

    expect(await both.client.call("POST", f"{KEYS}/{other}/replace"))


async def test_a_role_without_ones_own_profile(app: FastAPI, platform: Platform) -> None:
    headers = await key_with(platform, [Role.DEVELOPER], VISION, scopes=["keys:read", "jobs:read"])
    client = AsgiClient(app, headers)
    (own,) = await prefixes(client)

    expect_error(await client.call("PATCH", f"{KEYS}/{own}", {"name": "x"}), 403, "keys:manage")
    expect_error(await client.call("POST", f"{KEYS}/{own}/replace"), 403, "profile:use")
