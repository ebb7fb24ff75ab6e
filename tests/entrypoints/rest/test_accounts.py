"""Accounts over the API."""

from typing import Any

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.passwords import hash_password
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import CustomRole, User
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.callers import project_key
from tests.entrypoints.rest.people import ACME, ADMINISTRATORS, OTHER, add_someone
from tests.entrypoints.rest.steps import expect, expect_error, snapshot
from tests.library import audited

ACCOUNTS = "/api/accounting/accounts"
NEW = {"name": "Globex", "firstName": "Hank", "lastName": "Scorpio", "email": "Hank@globex.example"}


def _ids(accounts: list[dict[str, Any]]) -> list[str]:
    return [account["identifier"] for account in accounts]


async def test_who_sees_which_accounts(
    app: FastAPI, platform: Platform, alice: AsgiClient, olga: AsgiClient, charlie: AsgiClient
) -> None:
    auditor = await add_someone(app, platform, Role.AUDITOR)
    project = AsgiClient(app, await project_key(platform))

    for client, seen in (
        (alice, [ACME]),
        (project, [ACME]),
        (charlie, [OTHER]),
        (olga, [ACME, OTHER]),
        (auditor.client, [ACME, OTHER]),
    ):
        assert _ids(expect(await client.call("GET", ACCOUNTS))) == seen
    expect_error(await alice.call("GET", f"{ACCOUNTS}/{OTHER}"), 404, "account")
    for name in ("nothing", "%00", "x" * 5000):
        expect_error(await olga.call("GET", f"{ACCOUNTS}/{name}"), 404)


async def test_an_account_on_the_wire(alice: AsgiClient, olga: AsgiClient) -> None:
    account = expect(await alice.call("GET", f"{ACCOUNTS}/{ACME}"))

    users = account.pop("users")
    assert account == {
        "identifier": ACME,
        "name": "acme",
        "status": "Active",
        "approvalRoles": [],
        "userCount": 3,
        "createdAt": "2026-01-02T03:04:05.678+00:00",
    }
    assert [user["firstName"] for user in users] == ["Alice", "Bob"]
    assert len(expect(await olga.call("GET", f"{ACCOUNTS}/{ACME}"))["users"]) == 3


async def test_a_new_account_comes_with_an_administrator(
    olga: AsgiClient, alice: AsgiClient, anybody: AsgiClient, platform: Platform
) -> None:
    account = expect(await olga.call("POST", ACCOUNTS, NEW), 201)

    path = "/auth" + account["invitation"]["url"].removeprefix("http://testserver")
    assert expect(await anybody.call("GET", path))["account"]["name"] == "Globex"
    administrator = expect(await olga.call("GET", f"/api/accounting/users/{account['administrator']['identifier']}"))
    assert administrator["account"] == {"identifier": account["identifier"], "name": "Globex"}
    assert administrator["teams"][0]["roles"] == ["ACCOUNT_ADMIN", "DATA_SCIENTIST"]
    assert administrator["listAccessKeys"][0]["prefix"] == account["accessKey"]
    team = expect(await olga.call("GET", f"/api/accounting/teams/{administrator['teams'][0]['identifier']}"))
    assert (team["isAdmin"], team["members"], team["account"]["name"]) == (True, 1, "Globex")
    expect(await anybody.call("POST", path, {"password": "correct horse battery"}))
    expect_error(await alice.call("GET", f"{ACCOUNTS}/{account['identifier']}"), 404)
    assert await audited(platform.database, f"account/{account['identifier']}") == ["account:created"]
    last = f"{ACCOUNTS}/{account['identifier']}/users/{administrator['identifier']}"
    expect_error(await olga.call("DELETE", last), 409, "last active administrator")

    further = {"firstName": "A", "lastName": "B", "email": "ab@globex.example"}
    invited = expect(await olga.call("POST", f"{ACCOUNTS}/{account['identifier']}/users", further), 201)
    assert invited["teams"][0]["identifier"] == administrator["teams"][0]["identifier"]


async def test_accounts_that_cannot_be_created(
    app: FastAPI, platform: Platform, olga: AsgiClient, alice: AsgiClient
) -> None:
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    before = await snapshot(platform.database)

    expect_error(await alice.call("POST", ACCOUNTS, NEW), 403, "accounts:manage")
    expect_error(await administrator.client.call("POST", ACCOUNTS, NEW), 403, "accounts:manage")
    expect_error(await olga.call("POST", ACCOUNTS, NEW | {"name": " ACME "}), 409, "already")
    expect_error(await olga.call("POST", ACCOUNTS, NEW | {"email": "BOB@example.org"}), 409, "already")
    for field, bad in (
        ("name", ["", "a\x00", "x" * 201, "\u202ea", None]),
        ("firstName", ["", "a\nb", "x" * 101]),
        ("lastName", ["  "]),
        ("email", ["", "nobody", "a@b\x00"]),
    ):
        for value in bad:
            expect_error(await olga.call("POST", ACCOUNTS, NEW | {field: value}), 400)
        missing = {name: value for name, value in NEW.items() if name != field}
        expect_error(await olga.call("POST", ACCOUNTS, missing), 400, field)
    assert await snapshot(platform.database) == before


async def test_changing_an_account(olga: AsgiClient, alice: AsgiClient, platform: Platform) -> None:
    path = f"{ACCOUNTS}/{ACME}"
    roles = ["ACCOUNT_ADMIN", "ACCOUNT_ADMIN"]

    account = expect(
        await olga.call("PATCH", path, {"name": "Acme  AG", "processingEngines": 7, "approvalRoles": roles})
    )

    assert (account["name"], account["processingEngines"], account["approvalRoles"]) == (
        "Acme AG",
        7,
        ["ACCOUNT_ADMIN"],
    )
    assert expect(await olga.call("PATCH", path, {"name": None})) == account
    assert expect(await olga.call("PATCH", path, {"approvalRoles": []}))["approvalRoles"] == []
    assert expect(await olga.call("PATCH", path, {"processingEngines": 0}))["processingEngines"] == 0
    assert expect(await olga.call("PATCH", path, {"name": "acme ag"}))["name"] == "acme ag"
    assert await audited(platform.database, f"account/{ACME}") == ["account:changed"] * 4
    assert expect(await alice.call("GET", "/api/accounting/users/user-alice"))["account"]["name"] == "acme ag"


async def test_approvers_must_be_able_to_approve(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    now = platform.clock.now()
    async with platform.database.write() as session:
        texts = {"name": "Quality", "description": "", "long_description": "", "weight": 1, "type": "user"}
        dates = {"created_at": now, "updated_at": now}
        session.add(CustomRole(account_id=ACME, identifier="QUALITY", permissions=["models:approve"], **texts, **dates))
        session.add(CustomRole(account_id=ACME, identifier="READER", permissions=["models:read"], **texts, **dates))

    changed = expect(await olga.call("PATCH", f"{ACCOUNTS}/{ACME}", {"approvalRoles": ["QUALITY", "ACCOUNT_ADMIN"]}))
    assert changed["approvalRoles"] == ["QUALITY", "ACCOUNT_ADMIN"]
    before = await snapshot(platform.database)
    for role in ("READER", "DATA_SCIENTIST", "SYSTEM_OWNER", "quality", "nothing", "", "x" * 5000, "\x00"):
        expect_error(await olga.call("PATCH", f"{ACCOUNTS}/{ACME}", {"approvalRoles": [role]}), 400, "approvalRoles")
    expect_error(await olga.call("PATCH", f"{ACCOUNTS}/{OTHER}", {"approvalRoles": ["QUALITY"]}), 400, "approvalRoles")
    expect_error(await olga.call("PATCH", f"{ACCOUNTS}/{ACME}", {"approvalRoles": ["x"] * 1000}), 400)
    assert await snapshot(platform.database) == before


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 201},
        {"processingEngines": -1},
        {"processingEngines": 10**12},
        {"processingEngines": 10**400},
        {"processingEngines": 1.5},
        {"processingEngines": "many"},
        {"approvalRoles": "ACCOUNT_ADMIN"},
        {"approvalRoles": [5]},
        {"status": "Deleted"},
        {"status": ""},
        {"status": "x" * 5000},
        {"status": 1},
    ],
)
async def test_bad_changes(olga: AsgiClient, platform: Platform, change: dict[str, Any]) -> None:
    before = await snapshot(platform.database)
    expect_error(
        await olga.call("PATCH", f"{ACCOUNTS}/{ACME}", {"processingEngines": 3} | change), 400, next(iter(change))
    )
    assert await snapshot(platform.database) == before


async def test_nobody_of_an_inactive_account_is_let_in(
    app: FastAPI, platform: Platform, olga: AsgiClient, charlie: AsgiClient
) -> None:
    credentials = {"email": CAST.charlie.email, "password": "correct horse battery"}
    async with platform.database.write() as session:
        user = await session.get_one(User, CAST.charlie.user_id)
        user.password_hash = hash_password(credentials["password"])
    signed_in = await AsgiClient(app).call("POST", "/auth/sign-in", credentials)
    browser = AsgiClient(app, {"cookie": f"modelyard_session={signed_in.cookies['modelyard_session']}"})
    expect(await browser.call("GET", "/auth/session"))
    expect(await charlie.call("GET", "/api/models"))

    changed = expect(await olga.call("PATCH", f"{ACCOUNTS}/{OTHER}", {"status": "inactive"}))

    assert changed["status"] == "Inactive"
    expect_error(await charlie.call("GET", "/api/models"), 401)
    expect_error(await browser.call("GET", "/auth/session"), 401)
    expect_error(await AsgiClient(app).call("POST", "/auth/sign-in", credentials), 401)
    expect(await olga.call("GET", "/api/models"))
    assert expect(await olga.call("PATCH", f"{ACCOUNTS}/{OTHER}", {"status": "Inactive"})) == changed
    expect(await olga.call("PATCH", f"{ACCOUNTS}/{OTHER}", {"status": "Active"}))
    expect(await AsgiClient(app).call("POST", "/auth/sign-in", credentials))
    expect(await charlie.call("GET", "/api/models"))
    assert await audited(platform.database, f"account/{OTHER}") == ["account:changed"] * 2


async def test_nobody_locks_the_installation_out(
    app: FastAPI, platform: Platform, olga: AsgiClient, charlie: AsgiClient
) -> None:
    before = await snapshot(platform.database)

    expect_error(await olga.call("PATCH", f"{ACCOUNTS}/{ACME}", {"status": "Inactive"}), 409, "own account")
    expect_error(await charlie.call("PATCH", f"{ACCOUNTS}/{ACME}", {"status": "Inactive"}), 403)
    assert await snapshot(platform.database) == before
    assert expect(await olga.call("PATCH", f"{ACCOUNTS}/{ACME}", {"status": "Active"}))["status"] == "Active"


async def test_only_platform_administrators_change_accounts(
    app: FastAPI, platform: Platform, olga: AsgiClient, alice: AsgiClient
) -> None:
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)

    for client in (alice, administrator.client):
        expect_error(await client.call("PATCH", f"{ACCOUNTS}/{ACME}", {"name": "Mine"}), 403, "accounts:manage")
    expect_error(await olga.call("PATCH", f"{ACCOUNTS}/{OTHER}", {"name": "ACME"}), 409, "already")
    expect_error(await olga.call("PATCH", f"{ACCOUNTS}/nothing", {"name": "Mine"}), 404)
