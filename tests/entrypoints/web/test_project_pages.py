"""The pages of projects: keys, members, and what their owners change."""

import re

from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.people import add_someone
from tests.entrypoints.web.forms import links, look, refused, send, sent_on, words, wrong_at

PROJECTS = "/people/projects"
HOSTILE = "<img src=x onerror=alert(1)>"


async def _project(client: AsgiClient, name: str = "Nightly", visibility: str = "PRIVATE") -> str:
    return await sent_on(client, PROJECTS, name=name, description="Reports.", visibility=visibility)


async def test_who_sees_which(alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, olga: AsgiClient) -> None:
    private = await _project(alice)
    shared = await _project(alice, "For the team", "TEAM")

    for client, seen in ((alice, {private, shared}), (bob, {shared}), (charlie, set()), (olga, {private, shared})):
        page = await look(client, PROJECTS)
        assert {address for address in links(page) if address in {private, shared}} == seen
    assert "There is no project" in await look(charlie, private, 404)
    assert "No project fits" in await look(alice, f"{PROJECTS}?search=nothing")
    assert "No projects yet" in words(await look(charlie, PROJECTS))


async def test_the_owner_gets_the_key_once(alice: AsgiClient, olga: AsgiClient) -> None:
    path = await _project(alice)
    page = await look(alice, path)
    action = re.search(r'action="(/profile/keys/\w+/body)"', page)
    assert action
    assert "Get key" not in words(await look(olga, path))
    assert (await send(olga, action[1])).status == 403

    answer = await send(alice, action[1])

    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    prefix = action[1].split("/")[3]
    key = re.search(rf"<code>({prefix}\.\w+)</code>", answer.body.decode())
    assert key
    page = await look(alice, path)
    assert key[1] not in page
    assert f"/profile/keys/{prefix}/replace" in links(page)
    assert (await send(alice, action[1])).status == 409


async def test_changing_words_and_status(alice: AsgiClient) -> None:
    path = await _project(alice)

    await sent_on(alice, path, name=HOSTILE, description=HOSTILE, visibility="ACCOUNT")
    page = await look(alice, path)
    assert HOSTILE not in page
    assert "the account" in words(page)

    page = await refused(alice, path, 400, name="", description="kept", visibility="TEAM")
    assert wrong_at(page, "name")
    assert ">\nkept</textarea>" in page

    await sent_on(alice, path, status="INACTIVE")
    assert "do not work" in words(await look(alice, path))
    assert path in links(await look(alice, f"{PROJECTS}?status=INACTIVE"))
    await sent_on(alice, path, status="ACTIVE")


async def test_members_come_and_go(alice: AsgiClient, bob: AsgiClient) -> None:
    path = await _project(alice)

    await sent_on(alice, f"{path}/members", user=CAST.bob.email)
    assert "Reports." in await look(bob, path)
    assert "Take out" not in words(await look(bob, path))
    assert (await send(bob, f"{path}/members", user=CAST.bob.email)).status == 403
    page = await refused(alice, f"{path}/members", 404, user="nobody@example.org")
    assert "nobody@example.org" in wrong_at(page, "user")

    await sent_on(alice, f"{path}/members/{CAST.bob.user_id}/remove")
    await look(bob, path, 404)
    await refused(alice, f"{path}/members/{CAST.bob.user_id}/remove", 404)


async def test_a_further_key(alice: AsgiClient) -> None:
    path = await _project(alice)

    await sent_on(alice, f"{path}/keys", key="Second <key>")

    page = await look(alice, path)
    assert "Second &lt;key&gt;" in page
    assert page.count('/body"') == 2
    assert wrong_at(await refused(alice, f"{path}/keys", 400), "key")


async def test_handing_over(app: FastAPI, alice: AsgiClient, olga: AsgiClient, platform: Platform) -> None:
    path = await _project(alice)
    outside = await add_someone(app, platform, Role.DEVELOPER, team="team-sound")

    page = await refused(olga, path, 409, owner=outside.email)
    assert "member of the project" in wrong_at(page, "owner")
    await sent_on(olga, path, owner=CAST.bob.email)
    assert re.search(r"bob@example\.org\s+owner", words(await look(olga, path)))


async def test_deleting_takes_the_name_to_be_typed(alice: AsgiClient, charlie: AsgiClient) -> None:
    path = await _project(alice)

    assert "'Nightly'" in wrong_at(await refused(alice, f"{path}/delete", 400), "typed")
    assert (await send(charlie, f"{path}/delete", typed="Nightly")).status == 404
    await sent_on(alice, f"{path}/delete", typed="Nightly")

    assert "deleted" in words(await look(alice, path))
    assert path not in links(await look(alice, PROJECTS))
    assert path in links(await look(alice, f"{PROJECTS}?status=DELETED"))
