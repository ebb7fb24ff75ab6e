"""One's own profile: names, password, keys of teams, and sessions."""

import re

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from modelyard.app import Platform
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.passwords import hash_password
from modelyard.domain.accounts.tables import ApiKey, SignedInSession, Team, User
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.people import SOUND, VISION, memberships, sessions_of, sign_in, user_row
from tests.entrypoints.web.forms import BROWSER, Browser, links, look, refused, send, sent_on, words, wrong_at
from tests.library import audited

ALICE = CAST.alice
PASSWORD = "correct horse battery"
NEW = "a better battery staple"


@pytest.fixture
async def browser(app: FastAPI, platform: Platform) -> Browser:
    """Alice, signed in."""
    async with platform.database.write() as session:
        (await session.get_one(User, ALICE.user_id)).password_hash = hash_password(PASSWORD)
    browser = Browser(app)
    await send(browser, "/sign-in", email=ALICE.email, password=PASSWORD)
    return browser


async def test_a_form_of_absurd_size_is_refused(alice: AsgiClient) -> None:
    answer = await send(alice, "/profile", firstName="x" * 300_000)

    assert answer.status == 413
    assert len(answer.body) < 100_000


async def test_what_everybody_finds(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, olga: AsgiClient, anybody: AsgiClient
) -> None:
    for client, actor in ((alice, ALICE), (bob, CAST.bob), (charlie, CAST.charlie), (olga, CAST.olga)):
        page = await look(client, "/profile")
        assert actor.email in page
        assert actor.key_prefix in page
        assert [other.key_prefix for other in CAST.everybody() if other.key_prefix in page] == [actor.key_prefix]
        assert "Where you are signed in" not in words(page)
    assert (await anybody.call("GET", "/profile", headers=dict(BROWSER))).status == 303


async def test_ones_own_names(alice: AsgiClient, platform: Platform) -> None:
    await sent_on(alice, "/profile", firstName="Alicia", lastName="<b>", title="")
    page = await look(alice, "/profile?done=saved")
    assert "Saved." in words(page)
    assert "<b>" not in page
    page = await refused(alice, "/profile", 400, firstName="", lastName="kept", title="")
    assert wrong_at(page, "firstName") == "Fill this in."
    assert 'value="kept"' in page
    assert (await user_row(platform, ALICE.user_id)).first_name == "Alicia"


async def test_words_of_an_address_are_not_shown(alice: AsgiClient) -> None:
    assert "hacked" not in words(await look(alice, "/profile?done=hacked"))


async def test_a_key_that_was_not_fetched_yet(alice: AsgiClient, platform: Platform) -> None:
    assert "Replace" in words(await look(alice, "/profile"))
    async with platform.database.write() as session:
        await session.execute(update(ApiKey).where(ApiKey.prefix == ALICE.key_prefix).values(retrieved_at=None))

    assert f'action="/profile/keys/{ALICE.key_prefix}/body"' in await look(alice, "/profile")
    answer = await send(alice, f"/profile/keys/{ALICE.key_prefix}/body")
    assert re.search(rf"<code>{ALICE.key_prefix}\.\w+</code>", answer.body.decode())


async def test_a_key_that_was_shown_already(alice: AsgiClient) -> None:
    page = await refused(alice, f"/profile/keys/{ALICE.key_prefix}/body", 409)

    assert "Already shown" in words(page)
    assert {f"/profile/keys/{ALICE.key_prefix}/replace", "/profile"} <= set(links(page))
    assert 'aria-current="page"' not in page  # one's own key belongs to no place of the rail


async def test_changing_the_password_ends_other_sessions(browser: Browser, platform: Platform) -> None:
    await sign_in(platform, ALICE.user_id)

    await sent_on(browser, "/profile/password", old=PASSWORD, new=NEW, again=NEW)

    assert len(await sessions_of(platform, ALICE.user_id)) == 1
    await look(browser, "/profile")
    assert (await send(browser, "/sign-in", email=ALICE.email, password=NEW)).status == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "status", "field"),
    [
        ("wrong", NEW, NEW, 403, "old"),
        (PASSWORD, "short", "short", 400, "new"),
        (PASSWORD, NEW, NEW + "x", 400, "again"),
        ("", NEW, NEW, 400, "old"),
    ],
)
async def test_a_password_that_is_refused(
    browser: Browser, old: str, new: str, again: str, status: int, field: str
) -> None:
    page = await refused(browser, "/profile/password", status, old=old, new=new, again=again)

    assert wrong_at(page, field)
    assert NEW not in page
    assert PASSWORD not in page


async def test_sessions_are_listed_and_ended(browser: Browser, platform: Platform) -> None:
    await sign_in(platform, ALICE.user_id)
    await sign_in(platform, ALICE.user_id)
    page = await look(browser, "/profile")
    assert "this one" in words(page)
    others = re.findall(r'action="(/profile/sessions/[\w-]{36}/end)"><button class="quiet">End', page)
    assert len(others) == 2

    assert await sent_on(browser, others[0]) == "/profile"
    assert len(await sessions_of(platform, ALICE.user_id)) == 2
    await sent_on(browser, "/profile/sessions/end-others")
    assert len(await sessions_of(platform, ALICE.user_id)) == 1
    assert "session:others-ended" in await audited(platform.database)

    (last,) = re.findall(r'action="(/profile/sessions/[\w-]{36}/end)"', await look(browser, "/profile"))
    assert await sent_on(browser, last) == "/sign-in"
    assert (await browser.call("GET", "/profile", headers=dict(BROWSER))).status == 303


async def test_sessions_of_others_are_not_found(browser: Browser, alice: AsgiClient, platform: Platform) -> None:
    await sign_in(platform, CAST.bob.user_id)
    async with platform.database.read() as session:
        query = select(SignedInSession.id).where(SignedInSession.user_id == CAST.bob.user_id)
        theirs = (await session.scalars(query)).one()

    assert (await send(browser, f"/profile/sessions/{theirs}/end")).status == 404
    assert len(await sessions_of(platform, CAST.bob.user_id)) == 1
    for path in ("/profile/password", "/profile/sessions/end-others", f"/profile/sessions/{theirs}/end"):
        assert (await send(alice, path)).status == 403  # a key is not signed in


async def _join_sound(platform: Platform, name: str = "Sound") -> None:
    now = platform.clock.now()
    async with platform.database.write() as session:
        team = Team(id=SOUND, account_id=ALICE.account_id, name=name, is_admin=False, created_at=now)
        session.add(team)
        await session.flush()
        add_member(session, platform.clock, await session.get_one(User, ALICE.user_id), team, ["DEVELOPER"])


async def test_leaving_a_team(browser: Browser, platform: Platform) -> None:
    assert "Leave a team" not in words(await look(browser, "/profile"))
    await _join_sound(platform, "<b>Sound")
    page = await look(browser, "/profile")
    assert "Leave &lt;b&gt;Sound" in page
    assert words(page).count("so you are signed out") == 1  # for the other one, which she acts for

    assert await sent_on(browser, f"/profile/teams/{SOUND}/leave") == "/profile"

    assert set(await memberships(platform, ALICE.user_id)) == {VISION}
    assert "You have left the team." in words(await look(browser, "/profile?done=left"))
    assert await audited(platform.database, f"team/{SOUND}") == ["team:member:left"]
    page = await refused(browser, f"/profile/teams/{VISION}/leave", 409)
    assert "only team" in words(page)
    await refused(browser, f"/profile/teams/{CAST.charlie.team_id}/leave", 404)


async def test_leaving_the_team_that_one_acts_for(browser: Browser, platform: Platform) -> None:
    await _join_sound(platform)

    assert await sent_on(browser, f"/profile/teams/{VISION}/leave") == "/profile"

    assert (await browser.call("GET", "/profile", headers=dict(BROWSER))).status == 303
    await sent_on(browser, "/sign-in", email=ALICE.email, password=PASSWORD)
    assert "Vision" not in words(await look(browser, "/profile"))


async def test_keys_leave_no_team(alice: AsgiClient, platform: Platform) -> None:
    await _join_sound(platform)

    assert "Leave a team" not in words(await look(alice, "/profile"))
    assert (await send(alice, f"/profile/teams/{SOUND}/leave")).status == 403
    assert set(await memberships(platform, ALICE.user_id)) == {VISION, SOUND}
