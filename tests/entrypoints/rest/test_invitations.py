"""Invitations and new passwords without a mail server: links that are good once, for who they are for."""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import select, update
from structlog.testing import capture_logs

from modelyard.app import Platform
from modelyard.domain.accounts.passwords import hash_password
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import OneTimeLink, User
from modelyard.domain.audit.tables import AuditEvent
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.people import (
    ACME,
    ADMINISTRATORS,
    OTHER,
    SOUND,
    VISION,
    add_someone,
    sessions_of,
    sign_in,
    user_row,
)
from tests.entrypoints.rest.steps import expect, expect_error, rows, snapshot
from tests.library import audited

USERS = f"/api/accounting/accounts/{ACME}/users"
PASSWORD = "correct horse battery"
GRACE: dict[str, Any] = {"firstName": "Grace", "lastName": "Hopper", "email": "Grace@Example.ORG"}


def _token(url: str) -> str:
    return url.rpartition("/")[2]


async def _invite(client: AsgiClient, **changes: Any) -> Any:
    return expect(await client.call("POST", USERS, GRACE | changes), 201)


async def test_inviting_and_accepting(olga: AsgiClient, anybody: AsgiClient, platform: Platform) -> None:
    invited = await _invite(olga, title="Rear admiral")

    assert (invited["status"], invited["email"], invited["title"]) == ("Invited", "grace@example.org", "Rear admiral")
    assert (invited["externalIdentifier"], invited["source"]) == ("grace@example.org", "local")
    assert invited["teams"] == [{"identifier": ADMINISTRATORS, "name": ADMINISTRATORS, "roles": ["DEVELOPER"]}]
    assert [key["prefix"] for key in invited["listAccessKeys"]] == [invited["accessKey"]]
    url = invited["invitation"]["url"]
    assert url.startswith("http://testserver/invitations/")
    path = f"/auth/invitations/{_token(url)}"
    looked = expect(await anybody.call("GET", path))
    assert looked == {
        "email": "grace@example.org",
        "firstName": "Grace",
        "lastName": "Hopper",
        "account": {"identifier": ACME, "name": "acme"},
        "expiresAt": invited["invitation"]["expiresAt"],
    }
    expect(await anybody.call("GET", path))

    accepted = expect(await anybody.call("POST", path, {"password": PASSWORD, "firstName": "Grace B."}))

    assert (accepted["status"], accepted["firstName"]) == ("Active", "Grace B.")
    row = await user_row(platform, invited["identifier"])
    assert PasswordHasher().verify(row.password_hash or "", PASSWORD)
    expect_error(await anybody.call("GET", path), 404, "not valid")
    expect_error(await anybody.call("POST", path, {"password": PASSWORD}), 404, "not valid")
    credentials = {"email": "grace@example.org", "password": PASSWORD}
    expect(await anybody.call("POST", "/auth/sign-in", credentials, headers={"x-csrf-token": "1"}))
    target = f"user/{invited['identifier']}"
    assert (await audited(platform.database, target))[:2] == ["user:invited", "user:accepted"]


async def test_of_several_who_accept_at_once_one_does(
    olga: AsgiClient, anybody: AsgiClient, platform: Platform
) -> None:
    path = f"/auth/invitations/{_token((await _invite(olga))['invitation']['url'])}"
    answers = await asyncio.gather(
        *(anybody.call("POST", path, {"password": f"{PASSWORD} {number}"}) for number in range(4))
    )

    assert sorted(answer.status for answer in answers) == [200, 404, 404, 404]


async def test_invitations_that_cannot_be_sent(
    app: FastAPI, platform: Platform, alice: AsgiClient, olga: AsgiClient
) -> None:
    team = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    account = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    await add_someone(app, platform, Role.DEVELOPER, team=SOUND)
    others = f"/api/accounting/accounts/{OTHER}/users"
    before = await snapshot(platform.database)

    expect_error(await alice.call("POST", USERS, GRACE), 403, "users:manage")
    expect_error(await team.client.call("POST", USERS, GRACE | {"team": SOUND}), 404)
    expect_error(await team.client.call("POST", USERS, GRACE | {"team": "nothing"}), 404)
    expect_error(await team.client.call("POST", others, GRACE), 404, "account")
    expect_error(await account.client.call("POST", others, GRACE), 404, "account")
    expect_error(await olga.call("POST", "/api/accounting/accounts/nothing/users", GRACE), 404, "account")
    expect_error(await olga.call("POST", USERS, GRACE | {"team": CAST.charlie.team_id}), 404, "team")
    expect_error(await olga.call("POST", others, GRACE), 404, "team")  # it has no admin team
    expect_error(await account.client.call("POST", USERS, GRACE | {"roles": ["SYSTEM_OWNER"]}), 403, "SYSTEM_OWNER")
    expect_error(await olga.call("POST", USERS, GRACE | {"roles": ["PROJECT"]}), 400, "PROJECT")
    for email in ("alice@example.org", "ALICE@EXAMPLE.ORG", " alice@example.org "):
        expect_error(await team.client.call("POST", USERS, GRACE | {"email": email}), 409, "already")
    elsewhere = GRACE | {"email": "charlie@example.org"}
    for client in (team.client, account.client):
        message = expect_error(await client.call("POST", USERS, elsewhere), 409, "cannot be invited here")
        assert "charlie" not in message
    expect_error(await olga.call("POST", USERS, elsewhere), 409, "already")
    assert await snapshot(platform.database) == before


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("firstName", ["", " ", "a\x00b", "a\nb", "\u202eabc", "x" * 101, 5, None]),
        ("lastName", ["", "\x1b[31m", "x" * 101, []]),
        (
            "email",
            [
                "",
                "nobody",
                "a@b@c",
                "a b@example.org",
                "a@example.org\nBcc: x@example.org",
                "a\x00@example.org",
                "x" * 300 + "@example.org",
                "\u202ea@example.org",
                "<a@example.org>",
                7,
            ],
        ),
        ("title", ["x" * 51, "a\x00"]),
        ("externalIdentifier", ["x" * 321, "a\n"]),
        ("source", ["x" * 41, "\x07"]),
        ("roles", ["DEVELOPER", ["x" * 100], [], [5], ["DEVELOPER"] * 101]),
    ],
)
async def test_bad_invitations(olga: AsgiClient, platform: Platform, field: str, bad: list[Any]) -> None:
    before = await snapshot(platform.database)
    for value in bad:
        message = expect_error(await olga.call("POST", USERS, GRACE | {field: value}), 400)
        assert field in message or "e-mail" in message or "role" in message
    missing = {name: value for name, value in GRACE.items() if name != field}
    if field in GRACE:
        expect_error(await olga.call("POST", USERS, missing), 400, field)
    assert await snapshot(platform.database) == before
    assert await rows(platform.database, "work") == 0


async def test_inviting_into_teams(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN)

    own = await _invite(administrator.client, roles=["DATA_SCIENTIST", "DEVELOPER"])
    named = await _invite(olga, team=VISION, email="b@example.org", roles=["SYSTEM_OWNER"])

    assert own["teams"] == [{"identifier": VISION, "name": VISION, "roles": ["DATA_SCIENTIST", "DEVELOPER"]}]
    assert named["teams"][0] == {"identifier": VISION, "name": VISION, "roles": ["SYSTEM_OWNER"]}


async def test_a_new_invitation_makes_the_old_one_void(olga: AsgiClient, anybody: AsgiClient) -> None:
    invited = await _invite(olga)
    old = f"/auth/invitations/{_token(invited['invitation']['url'])}"

    again = expect(await olga.call("POST", f"{USERS}/{invited['identifier']}/invitation"))

    assert again["sent"] is False
    expect_error(await anybody.call("POST", old, {"password": PASSWORD}), 404)
    expect(await anybody.call("POST", f"/auth/invitations/{_token(again['url'])}", {"password": PASSWORD}))
    expect_error(await olga.call("POST", f"{USERS}/{invited['identifier']}/invitation"), 409, "Active")


async def test_a_rejected_person_can_be_invited_again(olga: AsgiClient, anybody: AsgiClient) -> None:
    invited = await _invite(olga)
    path = f"{USERS}/{invited['identifier']}"
    link = f"/auth/invitations/{_token(invited['invitation']['url'])}"
    expect(await olga.call("PATCH", path, {"status": "Rejected"}))
    expect_error(await anybody.call("POST", link, {"password": PASSWORD}), 404)

    again = expect(await olga.call("POST", f"{path}/invitation"))

    assert expect(await olga.call("GET", f"/api/accounting/users/{invited['identifier']}"))["status"] == "Invited"
    expect(await anybody.call("POST", f"/auth/invitations/{_token(again['url'])}", {"password": PASSWORD}))


async def test_links_are_over_after_their_time(olga: AsgiClient, anybody: AsgiClient, platform: Platform) -> None:
    path = f"/auth/invitations/{_token((await _invite(olga))['invitation']['url'])}"
    async with platform.database.write() as session:
        past = platform.clock.now() - timedelta(seconds=1)
        await session.execute(update(OneTimeLink).values(expires_at=past))
    expect_error(await anybody.call("GET", path), 404)
    expect_error(await anybody.call("POST", path, {"password": PASSWORD}), 404)


async def test_a_link_is_for_its_purpose_only(olga: AsgiClient, anybody: AsgiClient, platform: Platform) -> None:
    token = _token((await _invite(olga))["invitation"]["url"])
    reset = expect(await olga.call("POST", f"{USERS}/user-bob/password-reset"))

    expect_error(await anybody.call("POST", f"/auth/password-reset/{token}", {"password": PASSWORD}), 404)
    expect_error(await anybody.call("POST", f"/auth/invitations/{_token(reset['url'])}", {"password": PASSWORD}), 404)


async def test_weak_passwords_do_not_use_a_link_up(olga: AsgiClient, anybody: AsgiClient) -> None:
    path = f"/auth/invitations/{_token((await _invite(olga))['invitation']['url'])}"
    for password in ("", "short", "x" * 40, "grace@example.org", "a" * 201, "b\x00" * 3):
        expect_error(await anybody.call("POST", path, {"password": password}), 400, "password needs")
    expect_error(await anybody.call("POST", path, {"password": "x" * 1001}), 400, "password")
    expect_error(await anybody.call("POST", path, {"password": PASSWORD, "firstName": "a\x00"}), 400, "firstName")
    expect_error(await anybody.call("POST", path, {}), 400, "password")
    expect(await anybody.call("POST", path, {"password": PASSWORD}))


async def test_a_new_password_ends_all_sessions(olga: AsgiClient, anybody: AsgiClient, platform: Platform) -> None:
    async with platform.database.write() as session:
        old = hash_password("the old password")
        await session.execute(update(User).where(User.id == "user-bob").values(password_hash=old))
    await sign_in(platform, "user-bob")
    sent = expect(await olga.call("POST", f"{USERS}/bob@example.org/password-reset"))
    assert (sent["sent"], sent["url"].startswith("http://testserver/new-password/")) == (False, True)
    path = f"/auth/password-reset/{_token(sent['url'])}"
    assert expect(await anybody.call("GET", path))["email"] == "bob@example.org"

    changed = expect(await anybody.call("POST", path, {"password": PASSWORD}))

    assert changed["identifier"] == "user-bob"
    assert await sessions_of(platform, "user-bob") == []
    assert PasswordHasher().verify((await user_row(platform, "user-bob")).password_hash or "", PASSWORD)
    expect_error(await anybody.call("POST", path, {"password": PASSWORD}), 404)
    assert await audited(platform.database, "user/user-bob") == ["user:password:reset-sent", "user:password:reset"]


async def test_links_of_who_is_not_active_are_worth_nothing(olga: AsgiClient, anybody: AsgiClient) -> None:
    sent = expect(await olga.call("POST", f"{USERS}/user-bob/password-reset"))
    expect(await olga.call("PATCH", f"{USERS}/user-bob", {"status": "Inactive"}))
    expect(await olga.call("PATCH", f"{USERS}/user-bob", {"status": "Active"}))
    path = f"/auth/password-reset/{_token(sent['url'])}"

    expect_error(await anybody.call("POST", path, {"password": PASSWORD}), 404)
    invited = await _invite(olga)
    expect_error(await olga.call("POST", f"{USERS}/{invited['identifier']}/password-reset"), 409)
    expect(await olga.call("DELETE", f"{USERS}/{invited['identifier']}"))
    link = f"/auth/invitations/{_token(invited['invitation']['url'])}"
    expect_error(await anybody.call("POST", link, {"password": PASSWORD}), 404)


async def test_people_of_an_identity_provider_have_no_password_here(olga: AsgiClient, platform: Platform) -> None:
    async with platform.database.write() as session:
        await session.execute(update(User).where(User.id == "user-bob").values(oidc_subject="issuer bob"))

    expect_error(await olga.call("POST", f"{USERS}/user-bob/password-reset"), 409, "password")


async def test_who_tries_unknown_links_is_slowed_down(anybody: AsgiClient, platform: Platform) -> None:
    for number in range(platform.settings.sign_in_failures_per_address):
        expect_error(await anybody.call("POST", f"/auth/invitations/{number}", {"password": PASSWORD}), 404)

    answer = await anybody.call("POST", "/auth/password-reset/one-more", {"password": PASSWORD})
    expect_error(answer, 429, "wait")
    assert int(answer.headers["retry-after"]) > 0


async def test_strange_tokens(anybody: AsgiClient) -> None:
    for token in ("%00", "x" * 5000, "%ff%fe", "..", "%F0%9F%98%80", "'%20OR%201=1--"):
        assert (await anybody.call("GET", f"/auth/invitations/{token}")).status == 404


@contextmanager
def _all_logs() -> Iterator[Any]:
    config = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    try:
        with capture_logs() as logs:
            yield logs
    finally:
        structlog.configure(**config)


async def test_the_database_and_the_log_know_no_token(
    olga: AsgiClient, anybody: AsgiClient, platform: Platform
) -> None:
    with _all_logs() as logs:
        token = _token((await _invite(olga))["invitation"]["url"])
        expect(await anybody.call("GET", f"/auth/invitations/{token}"))
        expect(await anybody.call("POST", f"/auth/invitations/{token}", {"password": PASSWORD}))
    async with platform.database.read() as session:
        events = [json.dumps(event.details) for event in await session.scalars(select(AuditEvent))]

    everything = str(await snapshot(platform.database)) + str(events) + str(logs)
    assert "/auth/invitations/{token}" in str(logs)
    assert token not in everything
    assert PASSWORD not in everything
