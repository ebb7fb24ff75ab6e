"""The pages of roles: what each may do, and custom roles."""

from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.permissions import Permission
from tests.asgi import AsgiClient
from tests.entrypoints.rest.people import add_someone
from tests.entrypoints.web.forms import links, look, refused, send, sent_on, words, wrong_at

ROLES = "/people/roles"
OPERATOR = {"identifier": "OPERATOR", "name": "Operator <b>", "type": "user", "weight": "100"}


async def _operator(olga: AsgiClient) -> str:
    return await sent_on(olga, ROLES, entitlements=["jobs:read", "jobs:cancel"], description="Watches.", **OPERATOR)


async def test_all_permissions_beside_all_roles(alice: AsgiClient, olga: AsgiClient) -> None:
    page = await look(alice, ROLES)

    assert all(permission.meaning in words(page) for permission in Permission)
    assert f"{ROLES}/AUDITOR" in links(page)
    assert f"{ROLES}/new" not in links(page)
    assert f"{ROLES}/new" in links(await look(olga, ROLES))


async def test_a_prebuilt_role_is_read_only(alice: AsgiClient, olga: AsgiClient) -> None:
    for client in (alice, olga):
        page = await look(client, f"{ROLES}/DEVELOPER")
        assert "the team, in the admin team the account" in words(page)
        assert "Save" not in words(page)
    assert (await send(olga, f"{ROLES}/DEVELOPER", name="Mine", entitlements="jobs:read")).status == 409
    assert "There is no role" in await look(alice, f"{ROLES}/NOTHING", 404)


async def test_making_changing_and_deleting(
    app: FastAPI, olga: AsgiClient, charlie: AsgiClient, platform: Platform
) -> None:
    path = await _operator(olga)
    page = await look(olga, path)
    assert "Operator &lt;b&gt;" in page
    assert 'value="jobs:cancel" checked' in page
    assert 'value="models:deploy" checked' not in page
    await look(charlie, path, 404)

    fields = {"name": "Watcher", "description": "", "longDescription": "Line one\nLine two", "weight": "5"}
    await sent_on(olga, path, entitlements="jobs:read", **fields)
    page = await look(olga, path)
    assert 'value="jobs:cancel" checked' not in page
    assert "Watcher" in words(page)

    tara = await add_someone(app, platform, "OPERATOR")
    assert tara.email in await look(olga, path)
    assert tara.email in await look(olga, "/people?role=OPERATOR")
    page = await refused(olga, f"{path}/delete", 409, typed="OPERATOR")
    assert "in use" in words(page)
    await sent_on(olga, f"/people/teams/team-vision/members/{tara.user_id}", roles="DEVELOPER")
    assert wrong_at(await refused(olga, f"{path}/delete", 400, typed="operator"), "typed")
    assert await sent_on(olga, f"{path}/delete", typed="OPERATOR") == ROLES
    await look(olga, path, 404)


async def test_what_is_wrong_stands_at_its_field_with_what_was_chosen(olga: AsgiClient) -> None:
    assert "Create the role" in words(await look(olga, f"{ROLES}/new"))
    await _operator(olga)

    page = await refused(olga, ROLES, 409, entitlements=["jobs:read"], **OPERATOR)
    assert "already" in wrong_at(page, "identifier")
    assert 'value="jobs:read" checked' in page
    page = await refused(olga, ROLES, 400, entitlements="jobs:read", **(OPERATOR | {"identifier": "small"}))
    assert "apital letters" in wrong_at(page, "identifier")
    page = await refused(olga, ROLES, 400, **(OPERATOR | {"identifier": "OTHER"}))
    assert "at least one" in words(page)
    page = await refused(olga, ROLES, 400, entitlements="jobs:read", **(OPERATOR | {"weight": "heavy"}))
    assert "whole number" in wrong_at(page, "weight")


async def test_nobody_else_makes_roles(alice: AsgiClient, charlie: AsgiClient) -> None:
    for client in (alice, charlie):
        await look(client, f"{ROLES}/new", 403)
        assert (await send(client, ROLES, entitlements="jobs:read", **OPERATOR)).status == 403
