"""The pages of accounts: who sees which, and who changes them."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import Account, CustomRole
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.people import ACME, ADMINISTRATORS, OTHER, add_someone
from tests.entrypoints.web.forms import BROWSER, links, look, refused, send, sent_on, words, wrong_at

ACCOUNTS = "/people/accounts"
OURS, THEIRS = f"{ACCOUNTS}/{ACME}", f"{ACCOUNTS}/{OTHER}"
NEW = {"name": "Globex", "firstName": "Hank", "lastName": "Scorpio", "email": "hank@globex.example"}
HOSTILE = "<img src=x onerror=alert(1)>"


async def _account(platform: Platform, identifier: str = ACME) -> Account:
    async with platform.database.read() as session:
        return await session.get_one(Account, identifier)


async def _add_role(platform: Platform, identifier: str, *permissions: str, name: str = "Quality") -> None:
    now = platform.clock.now()
    texts = {"name": name, "description": "", "long_description": "", "weight": 1, "type": "user"}
    dates = {"created_at": now, "updated_at": now}
    async with platform.database.write() as session:
        session.add(CustomRole(account_id=ACME, identifier=identifier, permissions=list(permissions), **texts, **dates))


async def test_everybody_sees_their_own_and_platform_administrators_all(
    app: FastAPI, platform: Platform, alice: AsgiClient, charlie: AsgiClient, olga: AsgiClient
) -> None:
    auditor = await add_someone(app, platform, Role.AUDITOR)

    for client, seen in (
        (alice, {OURS}),
        (charlie, {THEIRS}),
        (olga, {OURS, THEIRS}),
        (auditor.client, {OURS, THEIRS}),
    ):
        page = await look(client, ACCOUNTS)
        assert ACCOUNTS in links(page)
        assert {OURS, THEIRS} & set(links(page)) == seen
        assert (f"{ACCOUNTS}/new" in links(page)) is (client is olga)
    for path in (THEIRS, f"{ACCOUNTS}/nothing"):
        assert "no account" in await look(alice, path, 404)


async def test_others_see_facts_and_change_nothing(
    app: FastAPI, platform: Platform, alice: AsgiClient, charlie: AsgiClient, anybody: AsgiClient
) -> None:
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    auditor = await add_someone(app, platform, Role.AUDITOR)
    for client in (alice, administrator.client, auditor.client):
        page = await look(client, OURS)
        assert {"64 by default", "nobody is asked"} <= set(_facts(page))
        assert CAST.bob.email in page
        assert '<form method="post" action="/people' not in page
        assert "Deactivate" not in words(page)
        await look(client, f"{ACCOUNTS}/new", 403)
    for path, fields in ((ACCOUNTS, NEW), (OURS, {"name": "Ours"}), (f"{THEIRS}/status", {"status": "Inactive"})):
        for client in (alice, charlie, administrator.client, auditor.client):
            assert (await send(client, path, **fields)).status == 403
    assert (await anybody.call("GET", ACCOUNTS, headers=dict(BROWSER))).status == 303
    assert (await _account(platform, OTHER)).status == "Active"


def _facts(page: str) -> list[str]:
    return [words(fact) for fact in re.findall(r"<dd[^>]*>(.*?)</dd>", page, re.DOTALL)]


async def test_a_new_account_and_the_link_of_its_administrator(olga: AsgiClient, anybody: AsgiClient) -> None:
    page = await look(olga, f"{ACCOUNTS}/new")
    assert "shown once" in words(page)

    answer = await send(olga, ACCOUNTS, **NEW)

    found = re.search(r"<code>(http://testserver/invitations/[\w-]+)</code>", answer.body.decode())
    assert found
    assert "Globex" in await look(anybody, urlsplit(found[1]).path)
    row = re.search(rf'href="({ACCOUNTS}/[\w-]+)"[^>]*>Globex<', await look(olga, ACCOUNTS))
    assert row
    page = await look(olga, row[1])
    assert "hank@globex.example" in page
    assert found[1] not in page


async def test_the_invitation_goes_out_by_mail(posting: FastAPI) -> None:
    olga = AsgiClient(posting, {"authorization": f"ApiKey {CAST.olga.key_prefix}.secret-of-Olga"})

    assert "goes to them by mail" in words(await look(olga, f"{ACCOUNTS}/new"))
    path = await sent_on(olga, ACCOUNTS, **NEW)

    assert "The invitation is on its way by mail." in words(await look(olga, f"{path}?done=invited"))


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"name": " "}, "name", "Fill this in."),
        ({"lastName": ""}, "lastName", "Fill this in."),
        ({"name": "ACME"}, "name", "already"),
        ({"name": "x" * 201}, "name", "200"),
        ({"email": "nobody"}, "email", ""),
        ({"email": "BOB@example.org"}, "email", "already"),
        ({"firstName": "a\nb"}, "firstName", ""),
    ],
)
async def test_accounts_that_cannot_be_created(olga: AsgiClient, fields: dict[str, str], field: str, text: str) -> None:
    answer = await send(olga, ACCOUNTS, **NEW | fields)
    page = answer.body.decode()

    assert answer.status in {400, 409}
    assert wrong_at(page, field)
    assert text in wrong_at(page, field)
    assert 'value="Scorpio"' in page or field == "lastName"
    assert "Globex" not in await look(olga, ACCOUNTS)


async def test_changing_name_licence_and_who_approves(olga: AsgiClient, alice: AsgiClient, platform: Platform) -> None:
    await _add_role(platform, "QUALITY", "models:approve", name=HOSTILE)
    await _add_role(platform, "READER", "models:read")
    page = await look(olga, OURS)
    assert re.findall(r'name="approvalRoles" value="(\w+)"', page) == ["QUALITY", "ACCOUNT_ADMIN"]
    assert "none: no approval" in words(page)

    fields: dict[str, Any] = {"name": HOSTILE, "approvalRoles": ["QUALITY", "ACCOUNT_ADMIN"]}
    await sent_on(olga, OURS, processingEngines="7", **fields)

    account = await _account(platform)
    assert (account.name, account.processing_engines) == (HOSTILE, 7)
    assert account.approval_roles == ["QUALITY", "ACCOUNT_ADMIN"]
    for client, path in ((alice, OURS), (olga, OURS), (olga, ACCOUNTS), (alice, "/people/users/user-alice")):
        page = await look(client, path)
        assert HOSTILE not in page
        assert HOSTILE in words(page.replace("&lt;", "＜")).replace("＜", "<")
    assert 'value="QUALITY" checked' in await look(olga, OURS)
    await sent_on(olga, OURS, name="Acme", processingEngines="7", approvalRoles="")
    assert (await _account(platform)).approval_roles == []


async def test_an_account_without_a_licence_of_its_own(olga: AsgiClient, platform: Platform) -> None:
    await sent_on(olga, OURS, name="Acme", processingEngines="")
    account = await _account(platform)
    assert (account.name, account.processing_engines, account.approval_roles) == ("Acme", None, [])

    await sent_on(olga, OURS, name="Acme", processingEngines="0")
    page = await refused(olga, OURS, 400, name="Acme", processingEngines="")
    assert wrong_at(page, "processingEngines") == "Fill this in."


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"name": ""}, 400, "name"),
        ({"name": OTHER.removeprefix("account-")}, 409, "name"),
        ({"processingEngines": "many"}, 400, "processingEngines"),
        ({"processingEngines": "-1"}, 400, "processingEngines"),
        ({"processingEngines": "9" * 15}, 400, "processingEngines"),
        ({"approvalRoles": ["DEVELOPER"]}, 400, "approvalRoles"),
        ({"approvalRoles": [HOSTILE]}, 400, "approvalRoles"),
    ],
)
async def test_what_is_refused_stands_at_its_field(
    olga: AsgiClient, platform: Platform, fields: dict[str, Any], status: int, field: str
) -> None:
    page = await refused(olga, OURS, status, **{"name": "Kept", "processingEngines": "3"} | fields)

    assert wrong_at(page, field)
    assert HOSTILE not in page
    assert 'value="Kept"' in page or field == "name"
    account = await _account(platform)
    assert (account.name, account.processing_engines, account.approval_roles) == ("acme", None, [])


async def test_closing_an_account_and_opening_it_again(olga: AsgiClient, charlie: AsgiClient) -> None:
    assert "Deactivate" in words(await look(olga, THEIRS))

    assert await sent_on(olga, f"{THEIRS}/status", status="Inactive") == THEIRS

    page = await look(olga, f"{THEIRS}?done=closed")
    assert "Nobody of the account is let in" in words(page)
    assert "inactive" in words(page)
    assert (await charlie.call("GET", "/api/models")).status == 401
    await sent_on(olga, f"{THEIRS}/status", status="Active")
    assert (await charlie.call("GET", "/api/models")).status == 200


async def test_nobody_closes_their_own(olga: AsgiClient, platform: Platform) -> None:
    assert "Deactivate" not in words(await look(olga, OURS))

    page = await refused(olga, f"{OURS}/status", 409, status="Inactive")
    assert "your own account" in words(page)
    assert HOSTILE not in await refused(olga, f"{THEIRS}/status", 400, status=HOSTILE)
    assert (await _account(platform)).status == "Active"


async def test_users_lead_to_their_pages(olga: AsgiClient, alice: AsgiClient, charlie: AsgiClient) -> None:
    everybody = {f"/people/users/{actor.user_id}" for actor in (CAST.alice, CAST.bob, CAST.olga)}
    assert everybody <= set(links(await look(olga, OURS)))
    page = await look(alice, OURS)
    assert everybody & set(links(page)) == everybody - {f"/people/users/{CAST.olga.user_id}"}
    assert "beyond what your roles let you see" in words(page)
    assert OURS in links(await look(alice, f"/people/users/{CAST.bob.user_id}"))
    assert OURS in links(await look(alice, f"/people/teams/{CAST.alice.team_id}"))
    assert "beyond what" not in words(await look(charlie, THEIRS))
