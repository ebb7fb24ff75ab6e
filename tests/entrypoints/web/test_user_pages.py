"""The pages of users: whom one sees, what is told of them, and what administrators change."""

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.people import SOUND, VISION, add_someone, keys_of, sessions_of, sign_in, user_row
from tests.entrypoints.web.forms import links, look, refused, send, sent_on, words, wrong_at
from tests.library import audited

BOB = f"/people/users/{CAST.bob.user_id}"
HOSTILE = '<script>alert("x")</script>'


async def test_everybody_sees_those_within_reach(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, olga: AsgiClient
) -> None:
    for client, seen in ((alice, "alice bob"), (bob, "alice bob"), (charlie, "charlie"), (olga, "alice bob olga")):
        page = await look(client, "/people")
        for name in ("alice", "bob", "charlie", "olga"):
            assert (f"{name}@example.org" in page) is (name in seen or client is olga), name
    assert "/people/new" in links(await look(olga, "/people"))
    assert "/people/new" not in links(await look(alice, "/people"))


async def test_tabs_are_those_that_one_may_open(alice: AsgiClient, olga: AsgiClient) -> None:
    assert "/people/audit" not in links(await look(alice, "/people"))
    for address in links(await look(olga, "/people")):
        if address.startswith("/people"):
            await look(olga, address)


async def test_filters_narrow(app: FastAPI, olga: AsgiClient, platform: Platform) -> None:
    tara = await add_someone(app, platform, Role.AUDITOR, team=SOUND, name="Tara")

    for query in ("search=tara", f"team={SOUND}", "role=AUDITOR", f"search={tara.email}&status=Active"):
        page = await look(olga, f"/people?{query}")
        assert tara.email in page, query
        assert "bob@example.org" not in page, query
    assert "Nobody fits" in await look(olga, "/people?search=nobody-is-called-so")
    assert "Nobody fits" in await look(olga, "/people?search=tara&status=Inactive")


async def test_a_user_as_administrators_and_as_colleagues_see_them(
    alice: AsgiClient, charlie: AsgiClient, olga: AsgiClient
) -> None:
    page = await look(olga, BOB)
    assert "team-vision" in words(page)
    assert "Data Scientist" in words(page)
    assert CAST.bob.key_prefix in page
    assert "Suspend" in words(page)
    assert "What they did last" in words(page)

    page = await look(alice, f"/people/users/{CAST.bob.email}")
    assert "bob@example.org" in page
    assert "Suspend" not in words(page)
    assert CAST.bob.key_prefix not in page
    assert "There is no user" in await look(charlie, BOB, 404)


async def test_changing_names(alice: AsgiClient, olga: AsgiClient, platform: Platform) -> None:
    assert await sent_on(olga, BOB, firstName="Robert", lastName=HOSTILE, title="Chief") == BOB
    page = await look(olga, BOB)
    assert "Robert" in words(page)
    assert "<script>alert" not in page

    page = await refused(olga, BOB, 400, firstName="", lastName="Typed", title="x" * 60)
    assert "1 to 100 characters" in wrong_at(page, "firstName")
    assert 'value="Typed"' in page
    assert (await send(alice, BOB, firstName="Mine", lastName="Now", title="")).status == 403
    assert (await user_row(platform, CAST.bob.user_id)).first_name == "Robert"


async def test_suspending_and_activating(olga: AsgiClient, platform: Platform) -> None:
    await sign_in(platform, CAST.bob.user_id)

    assert await sent_on(olga, f"{BOB}/status", status="Inactive") == BOB
    assert (await user_row(platform, CAST.bob.user_id)).status == UserStatus.INACTIVE
    assert await sessions_of(platform, CAST.bob.user_id) == []
    assert (await keys_of(platform, CAST.bob.user_id))[CAST.bob.key_prefix] == "Inactive"

    assert "Activate" in words(await look(olga, BOB))
    await sent_on(olga, f"{BOB}/status", status="Active")
    assert (await user_row(platform, CAST.bob.user_id)).status == UserStatus.ACTIVE
    assert {"user:deactivated", "user:activated"} <= set(await audited(platform.database))


async def test_deleting_takes_the_address_to_be_typed(olga: AsgiClient, platform: Platform) -> None:
    page = await refused(olga, f"{BOB}/status", 400, status="Deleted", typed="bob")
    assert "bob@example.org" in wrong_at(page, "typed")
    assert (await user_row(platform, CAST.bob.user_id)).status == UserStatus.ACTIVE

    await sent_on(olga, f"{BOB}/status", status="Deleted", typed=CAST.bob.email)
    assert (await user_row(platform, CAST.bob.user_id)).status == UserStatus.DELETED
    page = await look(olga, BOB)
    assert "This cannot be undone" not in words(page)
    assert "bob@example.org" not in await look(olga, "/people")
    assert "bob@example.org" in await look(olga, "/people?status=Deleted")


@pytest.mark.parametrize("status", ["", "Rejected", "<b>"])
async def test_a_status_that_cannot_be(olga: AsgiClient, status: str) -> None:
    answer = await send(olga, f"{BOB}/status", status=status)

    assert answer.status in {400, 409}
    assert "<b>" not in answer.body.decode()


async def test_a_link_to_a_new_password_is_shown_once(alice: AsgiClient, olga: AsgiClient) -> None:
    answer = await send(olga, f"{BOB}/link")

    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "/new-password/" in answer.body.decode()
    assert "/new-password/" not in await look(olga, BOB)
    assert (await send(alice, f"{BOB}/link")).status == 403


async def test_who_is_in_other_teams_too_is_not_for_one_teams_administrator(app: FastAPI, platform: Platform) -> None:
    head = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    tara = await add_someone(app, platform, Role.DEVELOPER, also_in=(SOUND,))

    page = await look(head.client, f"/people/users/{tara.user_id}")
    assert "in other teams, too" in words(page)
    assert "Suspend" not in words(page)
    answer = await send(head.client, f"/people/users/{tara.user_id}/status", status="Inactive")
    assert answer.status == 403


async def test_hostile_names_are_text(app: FastAPI, olga: AsgiClient, platform: Platform) -> None:
    tara = await add_someone(app, platform, Role.DEVELOPER, name=HOSTILE, team=VISION)

    for page in (await look(olga, "/people"), await look(olga, f"/people/users/{tara.user_id}")):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
