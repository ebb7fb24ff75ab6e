"""The pages of teams: who sees and changes which."""

from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.people import SOUND, VISION, add_someone
from tests.entrypoints.web.forms import links, look, refused, send, sent_on, words, wrong_at

TEAM = f"/people/teams/{VISION}"


async def test_everybody_sees_their_own_and_administrators_all(
    alice: AsgiClient, charlie: AsgiClient, olga: AsgiClient
) -> None:
    assert TEAM in links(await look(alice, "/people/teams"))
    assert TEAM not in links(await look(charlie, "/people/teams"))
    assert {TEAM, f"/people/teams/{CAST.olga.team_id}"} <= set(links(await look(olga, "/people/teams")))
    assert "No team fits" in await look(olga, "/people/teams?search=nothing")
    assert "There is no team" in await look(charlie, TEAM, 404)


async def test_members_with_their_roles(alice: AsgiClient, bob: AsgiClient) -> None:
    page = await look(alice, TEAM)

    assert {"alice@example.org", "bob@example.org"} <= set(words(page).split())
    assert "Data Scientist" in words(page)
    assert "Add a member" not in words(page)
    assert words(await look(bob, TEAM)).count("bob@example.org") == words(page).count("bob@example.org") + 1


async def test_creating_renaming_and_deleting(alice: AsgiClient, olga: AsgiClient) -> None:
    path = await sent_on(olga, "/people/teams", name="Sound & <b>Vision</b>")
    page = await look(olga, path)
    assert "Sound &amp; &lt;b&gt;Vision&lt;/b&gt;" in page
    assert "<b>Vision" not in page

    assert "choose another name" in wrong_at(await refused(olga, path, 409, name=VISION), "name")
    await sent_on(olga, path, name="Sound")
    assert "Sound" in words(await look(olga, path))

    page = await refused(olga, f"{path}/delete", 400, typed="sound")
    assert "'Sound'" in wrong_at(page, "typed")
    assert await sent_on(olga, f"{path}/delete", typed="Sound") == "/people/teams"
    await look(olga, path, 404)
    assert (await send(alice, "/people/teams", name="Mine")).status == 403


async def test_a_name_is_needed(olga: AsgiClient) -> None:
    page = await refused(olga, "/people/teams", 400, name=" ")

    assert wrong_at(page, "name") == "Fill this in."


async def test_the_admin_team_stays(olga: AsgiClient) -> None:
    path = f"/people/teams/{CAST.olga.team_id}"

    assert "Delete the team" not in words(await look(olga, path))
    page = await refused(olga, f"{path}/delete", 409, typed=CAST.olga.team_id)
    assert "cannot be deleted" in words(page)


async def test_an_administrator_of_one_team_changes_that_alone(app: FastAPI, platform: Platform) -> None:
    head = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    await add_someone(app, platform, Role.DEVELOPER, team=SOUND)

    page = await look(head.client, TEAM)
    assert "Add a member" in words(page)
    assert "Delete the team" not in words(page)
    assert "New team" not in words(await look(head.client, "/people/teams"))
    assert (await send(head.client, "/people/teams", name="More")).status == 403
    assert (await send(head.client, f"/people/teams/{SOUND}", name="Ours")).status == 404
