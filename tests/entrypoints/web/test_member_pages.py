"""Adding members to a team, changing their roles, and taking them out."""

from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.people import SOUND, VISION, add_someone, keys_of, memberships
from tests.entrypoints.web.forms import look, refused, send, sent_on, words, wrong_at

TEAM = f"/people/teams/{VISION}"
BOB = f"{TEAM}/members/{CAST.bob.user_id}"


async def test_adding_somebody_by_address(app: FastAPI, olga: AsgiClient, platform: Platform) -> None:
    tara = await add_someone(app, platform, Role.DEVELOPER, team=SOUND)

    await sent_on(olga, f"{TEAM}/members", user=f" {tara.email.upper()} ", roles=["DATA_SCIENTIST"])

    assert (await memberships(platform, tara.user_id))[VISION] == ["DATA_SCIENTIST"]
    assert tara.email in await look(olga, TEAM)


async def test_whom_nobody_knows(olga: AsgiClient) -> None:
    page = await refused(olga, f"{TEAM}/members", 404, user="nobody@example.org", roles="DEVELOPER")

    assert "nobody@example.org" in wrong_at(page, "user")
    assert 'value="nobody@example.org"' in page
    assert wrong_at(await refused(olga, f"{TEAM}/members", 400), "user")


async def test_changing_roles(olga: AsgiClient, platform: Platform) -> None:
    page = await look(olga, BOB)
    assert 'value="DATA_SCIENTIST" checked' in page
    assert 'value="DEVELOPER" checked' not in page

    assert await sent_on(olga, BOB, roles=["DEVELOPER", "AUDITOR"]) == TEAM
    assert (await memberships(platform, CAST.bob.user_id))[VISION] == ["DEVELOPER", "AUDITOR"]

    page = await refused(olga, BOB, 400)
    assert "possible are" in wrong_at(page, "roles")


async def test_taking_somebody_out(olga: AsgiClient, platform: Platform) -> None:
    assert CAST.bob.key_prefix in await look(olga, BOB)

    assert await sent_on(olga, f"{BOB}/remove") == TEAM

    assert await memberships(platform, CAST.bob.user_id) == {}
    assert (await keys_of(platform, CAST.bob.user_id))[CAST.bob.key_prefix] == "Deleted"
    assert "no member" in await look(olga, BOB, 404)


async def test_nobody_gives_themselves_more(app: FastAPI, platform: Platform) -> None:
    head = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    path = f"{TEAM}/members/{head.user_id}"

    page = await refused(head.client, path, 403, roles=["ACCOUNT_ADMIN", "DATA_SCIENTIST"])

    assert "cannot give yourself" in wrong_at(page, "roles")
    assert "Leave the team" in words(page)


async def test_colleagues_and_strangers_change_nobody(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, platform: Platform
) -> None:
    before = await memberships(platform, CAST.bob.user_id)
    for client in (alice, bob, charlie):
        await look(client, BOB, 403)
        for path in (f"{TEAM}/members", BOB, f"{BOB}/remove"):
            assert (await send(client, path, user=CAST.bob.email, roles="AUDITOR")).status == 403
    assert await memberships(platform, CAST.bob.user_id) == before
