"""A key that is limited cannot free itself, nor another key of the same person."""

from typing import Any

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.passwords import hash_password
from modelyard.domain.accounts.roles import Role
from tests.asgi import AsgiClient
from tests.entrypoints.rest.key_steps import KEYS, add_project_key, key_row, set_key
from tests.entrypoints.rest.people import ACME, ADMINISTRATORS, SOUND, Someone, add_someone, keys_of
from tests.entrypoints.rest.steps import expect, expect_error, rows

USERS = f"/api/accounting/accounts/{ACME}/users"
PASSWORD_HASH = hash_password("correct horse battery")
FUTURE = "2100-01-01T00:00:00Z"
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
