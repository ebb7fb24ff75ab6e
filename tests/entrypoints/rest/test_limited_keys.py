"""A key that is limited cannot free itself, nor another key of the same person."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.passwords import hash_password
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from tests.asgi import AsgiClient
from tests.entrypoints.rest.key_steps import KEYS, add_project_key, key_row, set_key
from tests.entrypoints.rest.people import (
    ACME,
    ADMINISTRATORS,
    SOUND,
    VISION,
    Someone,
    add_someone,
    keys_of,
    memberships,
)
from tests.entrypoints.rest.steps import expect, expect_error, rows

USERS = f"/api/accounting/accounts/{ACME}/users"
PASSWORD_HASH = hash_password("correct horse battery")
ROLES = "/api/accounting/roles"
FUTURE = "2100-01-01T00:00:00Z"
EXPIRY = datetime(2100, 1, 1, tzinfo=UTC)
NETWORK = ["127.0.0.0/8"]


async def _administrator(app: FastAPI, platform: Platform, *roles: Role, **more: Any) -> Someone:
    given = {"team": ADMINISTRATORS, "password_hash": PASSWORD_HASH} | more
    return await add_someone(app, platform, *(roles or (Role.SYSTEM_OWNER,)), **given)


def _reset(user_id: str) -> str:
    return f"{USERS}/{user_id}/password-reset"


@pytest.mark.parametrize(
    "limits",
    [{"scopes": ["users:manage", "users:read"]}, {"networks": NETWORK}, {"expiresAt": FUTURE}],
)
async def test_a_limited_key_has_no_link_for_its_own_user(
    app: FastAPI, platform: Platform, limits: dict[str, Any]
) -> None:
    owner = await _administrator(app, platform)
    expect(await owner.client.call("PATCH", f"{KEYS}/{owner.prefix}", limits))

    expect_error(await owner.client.call("POST", _reset(owner.user_id)), 403)
    assert await rows(platform.database, "one_time_links") == 0


async def test_an_unlimited_key_has_one(app: FastAPI, platform: Platform) -> None:
    owner = await _administrator(app, platform)
    assert expect(await owner.client.call("POST", _reset(owner.user_id)))["url"]


async def test_a_scoped_key_has_no_link_for_who_may_do_more(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    owner = await _administrator(app, platform)
    others = [
        await _administrator(app, platform),
        await add_someone(app, platform, Role.DATA_SCIENTIST, password_hash=PASSWORD_HASH),
        await add_someone(app, platform, Role.DEVELOPER, password_hash=PASSWORD_HASH, also_in=(SOUND,)),
    ]
    await set_key(platform, owner.prefix, scopes=["users:manage", "users:read"])

    for other in others:
        expect_error(await owner.client.call("POST", _reset(other.user_id)), 403, "farther")
        expect(await olga.call("POST", _reset(other.user_id)))


async def test_a_scoped_key_changes_nobody_whose_rights_reach_farther(app: FastAPI, platform: Platform) -> None:
    owner, other = await _administrator(app, platform), await _administrator(app, platform)
    await set_key(platform, owner.prefix, scopes=["users:manage", "users:read"])

    expect_error(await owner.client.call("PATCH", f"{USERS}/{other.user_id}", {"status": "Inactive"}), 403, "farther")


async def test_a_limited_key_frees_no_other_of_its_person(app: FastAPI, platform: Platform) -> None:
    person = await _administrator(app, platform, Role.ACCOUNT_ADMIN, also_in=(SOUND,))
    (other,) = set(await keys_of(platform, person.user_id)) - {person.prefix}
    await set_key(platform, person.prefix, networks=NETWORK)

    expect(await person.client.call("PATCH", f"{KEYS}/{other}", {"networks": NETWORK}))
    body = expect(await person.client.call("POST", f"{KEYS}/{other}/replace"))["key"]
    expect_error(await person.client.call("PATCH", f"{KEYS}/{other}", {"networks": []}), 403, "networks")
    expect_error(await person.client.call("PATCH", f"{KEYS}/{other}", {"networks": ["0.0.0.0/0"]}), 403, "networks")
    assert (await key_row(platform, other)).networks == NETWORK
    expect(await AsgiClient(app, {"authorization": f"ApiKey {body}"}).call("GET", KEYS))


async def test_a_limited_key_wakes_no_wider_one(app: FastAPI, platform: Platform) -> None:
    person = await _administrator(app, platform, Role.ACCOUNT_ADMIN, also_in=(SOUND,))
    (other,) = set(await keys_of(platform, person.user_id)) - {person.prefix}
    await set_key(platform, other, status="Inactive")
    await set_key(platform, person.prefix, networks=NETWORK)

    expect_error(await person.client.call("PATCH", f"{KEYS}/{other}", {"status": "Active"}), 403, "networks")
    expect(await person.client.call("PATCH", f"{KEYS}/{other}", {"name": "still mine to name"}))
    await set_key(platform, person.prefix, networks=[])
    expect(await person.client.call("PATCH", f"{KEYS}/{other}", {"status": "Active"}))


async def test_a_limited_key_frees_no_key_of_ones_project(app: FastAPI, platform: Platform, alice: AsgiClient) -> None:
    await add_project_key(platform)
    await set_key(platform, "projectprefix", networks=NETWORK)
    expect_error(await alice.call("PATCH", f"{KEYS}/projectprefix", {"networks": []}), 403)  # no administrator
    tara = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    await set_key(platform, tara.prefix, networks=NETWORK)
    await set_key(platform, "projectprefix", user_id=tara.user_id)

    expect_error(await tara.client.call("PATCH", f"{KEYS}/projectprefix", {"networks": []}), 403, "networks")


BOUND = [{"networks": NETWORK}, {"expires_at": EXPIRY}]
BINDS = pytest.mark.parametrize("limits", BOUND, ids=["networks", "expiry"])
FOREVER = "without these limits"


def _invitation(*roles: str) -> dict[str, Any]:
    name = {"firstName": "Mallory", "lastName": "Example", "email": "mallory@example.org"}
    return {**name, "team": ADMINISTRATORS, "roles": list(roles)}


@BINDS
async def test_a_bound_key_invites_no_administrator(app: FastAPI, platform: Platform, limits: dict[str, Any]) -> None:
    owner = await _administrator(app, platform)
    await set_key(platform, owner.prefix, **limits)
    before = await rows(platform.database, "users"), await rows(platform.database, "one_time_links")

    for roles in ([Role.ACCOUNT_ADMIN], [Role.DEVELOPER, Role.SYSTEM_OWNER], [Role.AUDITOR]):
        expect_error(await owner.client.call("POST", USERS, _invitation(*roles)), 403, FOREVER)
    first = {"name": "Front", "firstName": "Mallory", "lastName": "Example", "email": "mallory@example.org"}
    expect_error(await owner.client.call("POST", "/api/accounting/accounts", first), 403, FOREVER)
    assert (await rows(platform.database, "users"), await rows(platform.database, "one_time_links")) == before

    expect(await owner.client.call("POST", USERS, _invitation(Role.DEVELOPER)), 201)


@BINDS
async def test_a_bound_key_makes_nobody_an_administrator(
    app: FastAPI, platform: Platform, limits: dict[str, Any]
) -> None:
    owner, mallory = await _administrator(app, platform), await add_someone(app, platform, Role.DEVELOPER)
    await set_key(platform, owner.prefix, **limits)
    before = await memberships(platform, mallory.user_id)

    admin = {"roles": [Role.ACCOUNT_ADMIN]}
    for team in (VISION, ADMINISTRATORS):
        path = f"/api/accounting/teams/{team}/members/{mallory.user_id}"
        expect_error(await owner.client.call("PUT", path, admin), 403, FOREVER)
    expect_error(await owner.client.call("PUT", f"{KEYS}/{mallory.prefix}/roles", admin), 403, FOREVER)
    assert await memberships(platform, mallory.user_id) == before


@BINDS
async def test_a_bound_key_puts_nothing_administrative_into_roles(
    app: FastAPI, platform: Platform, olga: AsgiClient, limits: dict[str, Any]
) -> None:
    owner = await _administrator(app, platform)
    role = {"identifier": "HELPER", "name": "Helper", "entitlements": ["jobs:read"]}
    expect(await olga.call("POST", ROLES, role), 201)
    await add_someone(app, platform, "HELPER")
    await set_key(platform, owner.prefix, **limits)

    more = {"entitlements": ["jobs:read", "users:manage"]}
    expect_error(await owner.client.call("PATCH", f"{ROLES}/HELPER", more), 403, FOREVER)
    expect_error(await owner.client.call("POST", ROLES, role | more | {"identifier": "OTHER"}), 403, FOREVER)
    expect(await owner.client.call("PATCH", f"{ROLES}/HELPER", {"entitlements": ["jobs:read", "jobs:cancel"]}))


@BINDS
async def test_a_bound_key_has_no_link_to_anybodys_password(
    app: FastAPI, platform: Platform, olga: AsgiClient, limits: dict[str, Any]
) -> None:
    owner = await _administrator(app, platform)
    others = [
        await _administrator(app, platform, Role.ACCOUNT_ADMIN),
        await add_someone(app, platform, Role.DEVELOPER, password_hash=PASSWORD_HASH),
    ]
    invited = [
        await _administrator(app, platform, status=UserStatus.INVITED),
        await add_someone(app, platform, Role.DEVELOPER, status=UserStatus.INVITED),
    ]
    await set_key(platform, owner.prefix, **limits)

    for other in others:
        expect_error(await owner.client.call("POST", _reset(other.user_id)), 403, FOREVER)
    expect_error(await owner.client.call("POST", f"{USERS}/{invited[0].user_id}/invitation"), 403, FOREVER)
    assert await rows(platform.database, "one_time_links") == 0
    expect(await owner.client.call("POST", f"{USERS}/{invited[1].user_id}/invitation"))
    expect(await olga.call("POST", _reset(others[0].user_id)))


@BINDS
async def test_a_bound_key_wakes_no_administrator(app: FastAPI, platform: Platform, limits: dict[str, Any]) -> None:
    owner, other = await _administrator(app, platform), await _administrator(app, platform, Role.ACCOUNT_ADMIN)
    await set_key(platform, owner.prefix, **limits)
    user, key = f"{USERS}/{other.user_id}", f"{KEYS}/{other.prefix}"

    expect(await owner.client.call("PATCH", key, {"status": "Inactive"}))
    expect_error(await owner.client.call("PATCH", key, {"status": "Active"}), 403, FOREVER)
    expect(await owner.client.call("PATCH", user, {"status": "Inactive"}))
    expect_error(await owner.client.call("PATCH", user, {"status": "Active"}), 403, FOREVER)


async def test_a_bound_key_frees_no_key_of_an_accomplice(app: FastAPI, platform: Platform) -> None:
    owner, mallory = await _administrator(app, platform), await add_someone(app, platform, Role.DEVELOPER)
    await set_key(platform, mallory.prefix, networks=["127.0.0.0/8", "10.0.0.0/8"], expires_at=EXPIRY)
    await set_key(platform, owner.prefix, networks=NETWORK, expires_at=EXPIRY)
    key = f"{KEYS}/{mallory.prefix}"

    wider: dict[str, Any]
    for wider in ({"networks": []}, {"networks": ["0.0.0.0/0"]}, {"expiresAt": ""}, {"expiresAt": "2101-01-01"}):
        expect_error(await owner.client.call("PATCH", key, wider), 403, "limited more")
    expect(await owner.client.call("PATCH", key, {"networks": ["10.0.0.0/8"]}))  # less than before
    expect(await owner.client.call("PATCH", key, {"networks": NETWORK, "expiresAt": "2099-01-01"}))


async def test_a_signed_in_administrator_is_not_bound_by_their_key(app: FastAPI, platform: Platform) -> None:
    owner = await _administrator(app, platform)
    await set_key(platform, owner.prefix, networks=["192.0.2.0/24"])
    answer = await AsgiClient(app, {}).call(
        "POST", "/auth/sign-in", {"email": owner.email, "password": "correct horse battery"}
    )
    cookie = answer.headers["set-cookie"].partition(";")[0]
    person = AsgiClient(app, {"cookie": cookie, "x-csrf-token": "1"})
    expect(await person.call("POST", USERS, _invitation(Role.ACCOUNT_ADMIN)), 201)
