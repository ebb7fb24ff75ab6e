"""The pages of quotas."""

import re

from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.people import VISION, add_someone
from tests.entrypoints.web.forms import links, look, refused, send, sent_on, words, wrong_at

QUOTAS = "/people/quotas"


async def _quota(olga: AsgiClient, **fields: str) -> str:
    await sent_on(olga, QUOTAS, **({"quota": "1,000", "team": VISION, "period": "daily"} | fields))
    found = re.search(rf'href="({QUOTAS}/[\w-]{{36}})"', await look(olga, QUOTAS))
    assert found
    return found[1]


async def test_setting_changing_and_lifting(olga: AsgiClient) -> None:
    assert "No quotas" in words(await look(olga, QUOTAS))
    path = await _quota(olga, **{"from": "2020-01-02T03:04", "to": "2099-01-01T00:00"})
    page = words(await look(olga, QUOTAS))
    assert "team-vision" in page
    assert "0 of 1,000 items" in page
    assert "from 2020-01-02" in page

    page = await look(olga, path)
    assert 'value="2020-01-02T03:04"' in page
    await sent_on(olga, path, quota="5", **{"from": "", "to": ""})
    page = words(await look(olga, QUOTAS))
    assert "0 of 5 items" in page
    assert "always" in page

    assert await sent_on(olga, f"{path}/delete") == QUOTAS
    assert "No quotas" in words(await look(olga, QUOTAS))


async def test_links_from_users_teams_and_projects_fill_in_whom_it_is_for(olga: AsgiClient) -> None:
    assert f'<option value="{VISION}" selected>' in await look(olga, f"{QUOTAS}/new?team={VISION}")
    assert 'value="bob@example.org"' in await look(olga, f"{QUOTAS}/new?user=bob%40example.org")

    await sent_on(olga, QUOTAS, quota="3", user="bob@example.org")
    assert "bob@example.org" in await look(olga, QUOTAS)
    assert "No quota fits" in await look(olga, f"{QUOTAS}?user={CAST.alice.user_id}")


async def test_what_is_wrong_stands_at_its_field(olga: AsgiClient) -> None:
    page = await refused(olga, QUOTAS, 400, quota="many", team=VISION, period="")
    assert "whole number" in wrong_at(page, "quota")
    assert f'<option value="{VISION}" selected>' in page
    assert wrong_at(await refused(olga, QUOTAS, 400, quota="", team=VISION), "quota")
    for subjects in ({}, {"user": "bob@example.org", "team": VISION}):
        assert "exactly one" in wrong_at(await refused(olga, QUOTAS, 400, quota="1", **subjects), "user")
    assert "nobody" in wrong_at(await refused(olga, QUOTAS, 404, quota="1", user="nobody"), "user")
    fields = {"quota": "1", "team": VISION, "from": "2030-01-01T00:00", "to": "2029-01-01T00:00"}
    assert "ater than from" in wrong_at(await refused(olga, QUOTAS, 400, **fields), "to")
    path = await _quota(olga)
    assert wrong_at(await refused(olga, path, 400, quota="-1", **{"from": "", "to": ""}), "quota")


async def test_whom_a_quota_binds_does_not_change_it(
    app: FastAPI, alice: AsgiClient, charlie: AsgiClient, olga: AsgiClient, platform: Platform
) -> None:
    path = await _quota(olga)
    head = await add_someone(app, platform, Role.ACCOUNT_ADMIN)

    for client in (alice, charlie):
        await look(client, path, 403)
        for address in (QUOTAS, path, f"{path}/delete"):
            assert (await send(client, address, quota="9", team=VISION)).status == 403
    page = await refused(head.client, path, 403, quota="2000", **{"from": "", "to": ""})
    assert "only an administrator of the account" in words(page)
    assert path not in links(await look(charlie, QUOTAS))
    assert "0 of 1,000" in words(await look(olga, QUOTAS))


async def test_one_sees_ones_own(alice: AsgiClient, bob: AsgiClient, olga: AsgiClient) -> None:
    await sent_on(olga, QUOTAS, quota="7", user=CAST.alice.email)

    page = words(await look(alice, QUOTAS))
    assert "0 of 7 items" in page
    assert "Change" not in page
    assert "No quotas" in words(await look(bob, QUOTAS))
