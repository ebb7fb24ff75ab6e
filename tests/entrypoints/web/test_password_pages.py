"""The pages behind one-time links: what people see, and what comes of what they fill in."""

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from modelyard.app import Platform
from modelyard.domain.accounts.states import UserStatus
from tests.asgi import Answer, AsgiClient
from tests.entrypoints.rest.people import ACME, user_row
from tests.entrypoints.rest.steps import expect

USERS = f"/api/accounting/accounts/{ACME}/users"
PASSWORD = "correct horse battery"
ADA = {"firstName": "Ada <b>", "lastName": "Lovelace", "email": "ada@example.org"}
FILLED_IN = {"first_name": "Ada", "last_name": "King", "password": PASSWORD, "again": PASSWORD}


async def _invite(olga: AsgiClient) -> tuple[str, str]:
    """The path of somebody's link, and who they are."""
    invited = expect(await olga.call("POST", USERS, ADA), 201)
    return urlsplit(invited["invitation"]["url"]).path, invited["identifier"]


async def _send(client: AsgiClient, path: str, form: dict[str, str]) -> Answer:
    headers: dict[str, str | None] = {"content-type": "application/x-www-form-urlencoded"}
    return await client.call("POST", path, data=urlencode(form).encode(), headers=headers)


async def test_an_invitation_shows_whom_it_is_for(olga: AsgiClient, anybody: AsgiClient) -> None:
    path, _ = await _invite(olga)

    answer = await anybody.call("GET", path)

    text = answer.body.decode()
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "Ada &lt;b&gt;" in text
    assert "<b>" not in text
    assert "ada@example.org" in text


async def test_accepting(olga: AsgiClient, anybody: AsgiClient, platform: Platform) -> None:
    path, user = await _invite(olga)

    answer = await _send(anybody, path, FILLED_IN)

    assert answer.status == 200
    assert b"modelyard login --url http://testserver --email ada@example.org" in answer.body
    row = await user_row(platform, user)
    assert (row.status, row.first_name, row.last_name) == (UserStatus.ACTIVE, "Ada", "King")
    signing_in = {"email": "ada@example.org", "password": PASSWORD}
    expect(await anybody.call("POST", "/auth/sign-in", signing_in, headers={"x-csrf-token": "1"}))
    assert (await anybody.call("GET", path)).status == 404


async def test_a_new_password(olga: AsgiClient, anybody: AsgiClient) -> None:
    url = expect(await olga.call("POST", f"{USERS}/user-bob/password-reset"))["url"]
    path = urlsplit(url).path

    assert b"bob@example.org" in (await anybody.call("GET", path)).body
    assert (await _send(anybody, path, {"password": PASSWORD, "again": PASSWORD})).status == 200

    signing_in = {"email": "bob@example.org", "password": PASSWORD}
    expect(await anybody.call("POST", "/auth/sign-in", signing_in, headers={"x-csrf-token": "1"}))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"again": "something else"}, "not the same"),
        ({"password": "short", "again": "short"}, "10 to 200 characters"),
        ({"first_name": ""}, "firstName"),
        ({"last_name": "x\x00"}, "lastName"),
        ({"first_name": "x" * 101}, "firstName"),
    ],
)
async def test_what_is_wrong_is_said_and_names_are_kept(
    olga: AsgiClient, anybody: AsgiClient, platform: Platform, changed: dict[str, str], problem: str
) -> None:
    path, user = await _invite(olga)

    answer = await _send(anybody, path, FILLED_IN | changed)

    text = answer.body.decode()
    assert answer.status == 400
    assert problem in text
    assert "King" in text or "last_name" in changed
    assert PASSWORD not in text
    assert (await user_row(platform, user)).status == UserStatus.INVITED
    assert (await _send(anybody, path, FILLED_IN)).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"password=a&" * 100, b"a=" + b"x" * 60_000, urlencode({"password": PASSWORD}).encode()]
)
async def test_strange_forms_change_nothing(
    olga: AsgiClient, anybody: AsgiClient, platform: Platform, body: bytes
) -> None:
    path, user = await _invite(olga)

    assert (await anybody.call("POST", path, data=body)).status == 400

    assert (await user_row(platform, user)).status == UserStatus.INVITED


@pytest.mark.parametrize("page", ["invitations", "new-password"])
async def test_unknown_links(anybody: AsgiClient, platform: Platform, page: str) -> None:
    shown = await anybody.call("GET", f"/{page}/nothing")
    assert (shown.status, b"not valid" in shown.body) == (404, True)
    statuses: set[Any] = set()
    for number in range(platform.settings.sign_in_failures_per_address):
        statuses.add((await _send(anybody, f"/{page}/{number}", FILLED_IN)).status)
    late = await anybody.call("GET", f"/{page}/nothing")

    assert statuses <= {404, 429}
    assert (late.status, b"too many" in late.body) == (429, True)
