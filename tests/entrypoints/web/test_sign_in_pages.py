"""Signing in with a browser, choosing team and theme, signing out; and what other sites cannot do."""

import pytest
from fastapi import FastAPI

from modelyard.core.database import Database
from modelyard.domain.accounts.passwords import hash_password
from modelyard.domain.accounts.tables import User
from tests.cast import CAST
from tests.entrypoints.web.forms import BROWSER, FORM, Browser, look, send, words

ALICE = CAST.alice
PASSWORD = "correct horse battery"
PATHS_ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:1"]


@pytest.fixture
async def browser(app: FastAPI, database: Database) -> Browser:
    """Alice has a password, and has not signed in yet."""
    async with database.write() as session:
        user = await session.get_one(User, ALICE.user_id)
        user.password_hash = hash_password(PASSWORD)
    return Browser(app)


async def _sign_in(browser: Browser, path: str = "/models") -> None:
    answer = await send(browser, "/sign-in", email=ALICE.email, password=PASSWORD, next=path)
    assert (answer.status, answer.headers["location"]) == (303, path)


async def test_who_is_not_known_signs_in_and_comes_back(browser: Browser) -> None:
    answer = await browser.call("GET", "/models?q=ship", headers=dict(BROWSER))
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in?next=/models%3Fq%3Dship")
    assert 'name="next" value="/models?q=ship"' in await look(browser, answer.headers["location"])

    await _sign_in(browser, "/models?q=ship")

    assert ALICE.email in words(await look(browser, "/models"))
    again = await browser.call("GET", "/sign-in?next=/models", headers=dict(BROWSER))
    assert (again.status, again.headers["location"]) == (303, "/models")


async def test_a_wrong_password_keeps_what_was_typed(browser: Browser) -> None:
    answer = await send(browser, "/sign-in", email=ALICE.email, password="wrong", next="/models")

    page = answer.body.decode()
    assert answer.status == 401
    assert "E-mail address or password is wrong" in words(page)
    assert f'value="{ALICE.email}"' in page
    assert "wrong" not in page.replace("is wrong", "")


async def test_an_address_may_be_given_before(browser: Browser) -> None:
    page = await look(browser, "/sign-in?email=ada%22%3E@example.org")

    assert 'value="ada&#34;&gt;@example.org"' in page


async def test_an_empty_form(browser: Browser) -> None:
    answer = await send(browser, "/sign-in")

    assert answer.status == 400
    assert "Type your e-mail address" in words(answer.body.decode())


@pytest.mark.parametrize("path", PATHS_ELSEWHERE)
async def test_nobody_is_sent_to_another_server(browser: Browser, path: str) -> None:
    answer = await send(browser, "/sign-in", email=ALICE.email, password=PASSWORD, next=path)

    assert (answer.status, answer.headers["location"]) == (303, "/models")


async def test_signing_out(browser: Browser) -> None:
    await _sign_in(browser)

    answer = await send(browser, "/sign-out")

    assert (answer.status, answer.headers["location"]) == (303, "/sign-in")
    assert (await browser.call("GET", "/models", headers=dict(BROWSER))).status == 303


async def test_pages_of_other_sites_change_nothing(browser: Browser) -> None:
    await _sign_in(browser)
    plain = {"content-type": FORM["content-type"]}

    for headers in (
        plain,
        plain | {"origin": "https://evil.example"},
        plain | {"sec-fetch-site": "cross-site"},
        plain | {"origin": "null"},
        plain | {"origin": "http://["},
    ):
        for path in ("/sign-out", "/team"):
            answer = await browser.call("POST", path, data=b"team=x", headers=dict(headers))
            assert answer.status == 403, (path, headers)
    odd = plain | {"origin": "http://["}
    assert (await browser.call("POST", "/sign-in", data=b"email=x", headers=odd)).status == 403
    await look(browser, "/models")


async def test_the_theme_is_kept(browser: Browser) -> None:
    assert "data-theme" not in await look(browser, "/sign-in")

    assert (await send(browser, "/theme", theme="dark", next="/models")).headers["location"] == "/models"
    assert 'data-theme="dark"' in await look(browser, "/sign-in")

    await send(browser, "/theme", theme="<script>", next="/models")
    assert 'data-theme="dark"' in await look(browser, "/sign-in")


async def test_a_team_that_is_not_ones_own_is_refused(browser: Browser) -> None:
    await _sign_in(browser)

    answer = await send(browser, "/team", team="nobody's", next="/models")

    assert answer.status == 400
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
