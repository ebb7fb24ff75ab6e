"""Invitations and new passwords: links that are good once, letters that arrive, and nothing told to strangers."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy import select, update
from structlog.testing import capture_logs

from modelyard.adapters.mail.base import Mail
from modelyard.adapters.mail.fake import FakeMailer
from modelyard.app import Adapters, Platform
from modelyard.domain.accounts.one_time_links import SEND_LINK
from modelyard.domain.accounts.passwords import hash_password, is_password
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import OneTimeLink, User
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.work.tables import Work, WorkState
from modelyard.entrypoints.rest.app import create_api
from modelyard.settings import Settings
from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
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


async def _wait_for(database: Any, done: int) -> list[Work]:
    """The letters' work, once so many of them are done."""
    async with asyncio.timeout(10):
        while True:
            async with database.read() as session:
                work = list(await session.scalars(select(Work).where(Work.kind == SEND_LINK).order_by(Work.id)))
            if sum(row.state in {WorkState.DONE, WorkState.FAILED} for row in work) >= done:
                return work
            await asyncio.sleep(0.01)


# without a mail server


async def test_inviting_and_accepting(olga: AsgiClient, anybody: AsgiClient, platform: Platform) -> None:
    invited = await _invite(olga, title="Rear admiral")

    assert (invited["status"], invited["email"], invited["title"]) == ("Invited", "grace@example.org", "Rear admiral")
    assert (invited["externalIdentifier"], invited["source"]) == ("grace@example.org", "local")
    assert invited["teams"] == [{"identifier": ADMINISTRATORS, "name": ADMINISTRATORS, "roles": ["DEVELOPER"]}]
    assert [key["prefix"] for key in invited["listAccessKeys"]] == [invited["accessKey"]]
    url = invited["invitation"]["url"]
    assert url.startswith("http://testserver/auth/invitations/")
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
    assert is_password(PASSWORD, row.password_hash)
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
    for email in ("alice@example.org", "ALICE@EXAMPLE.ORG", " alice@example.org ", "charlie@example.org"):
        expect_error(await team.client.call("POST", USERS, GRACE | {"email": email}), 409, "already")
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
    assert (sent["sent"], sent["url"].startswith("http://testserver/auth/password-reset/")) == (False, True)
    path = f"/auth/password-reset/{_token(sent['url'])}"
    assert expect(await anybody.call("GET", path))["email"] == "bob@example.org"

    changed = expect(await anybody.call("POST", path, {"password": PASSWORD}))

    assert changed["identifier"] == "user-bob"
    assert await sessions_of(platform, "user-bob") == []
    assert is_password(PASSWORD, (await user_row(platform, "user-bob")).password_hash)
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


# with a mail server


@pytest.fixture
def mailer() -> FakeMailer:
    return FakeMailer()


@pytest.fixture
async def posting(settings: Settings, adapters: Adapters, mailer: FakeMailer) -> AsyncIterator[Platform]:
    """A platform with a mail server."""
    public = settings.model_copy(update={"public_url": "https://models.example/"})
    served = Platform(public, replace(adapters, mailer=mailer))
    await served.prepare()
    async with served.running():
        yield served


def _client(platform: Platform, *, as_olga: bool = False) -> AsgiClient:
    headers = {"authorization": authorization(CAST.olga)} if as_olga else {}
    return AsgiClient(create_api(platform), headers)


def _link(mail: Mail, path: str) -> str:
    found = re.search(rf"^https://models\.example(/auth/{path}/[\w-]+)$", mail.text, re.MULTILINE)
    assert found, mail.text
    return found[1]


async def test_invitations_go_out_by_mail(posting: Platform, mailer: FakeMailer) -> None:
    invited = await _invite(_client(posting, as_olga=True), firstName="Grace\u200d", lastName="{password}")
    work = await _wait_for(posting.database, 1)

    assert "invitation" not in invited
    assert [mail.to for mail in mailer.sent] == ["grace@example.org"]
    assert 'account "acme"' in mailer.sent[0].text
    link = _link(mailer.sent[0], "invitations")
    assert _token(link) not in json.dumps([row.payload for row in work])
    expect(await _client(posting).call("POST", link, {"password": PASSWORD}))


async def test_letters_are_sent_again_until_they_arrive(posting: Platform, mailer: FakeMailer) -> None:
    mailer.is_away = True
    client = _client(posting, as_olga=True)
    invited = await _invite(client)
    await asyncio.sleep(0.2)
    assert mailer.sent == []

    mailer.is_away = False
    await _wait_for(posting.database, 1)

    assert len(mailer.sent) == 1
    expect(await _client(posting).call("POST", _link(mailer.sent[0], "invitations"), {"password": PASSWORD}))
    assert (await user_row(posting, invited["identifier"])).status == UserStatus.ACTIVE


async def test_letters_survive_a_restart(settings: Settings, adapters: Adapters, mailer: FakeMailer) -> None:
    away = FakeMailer()
    away.is_away = True
    first = Platform(settings, replace(adapters, mailer=away))
    await first.prepare()
    async with first.running():
        await _invite(_client(first, as_olga=True))
        await asyncio.sleep(0.1)

    second = Platform(settings, replace(adapters, mailer=mailer))
    await second.prepare()
    async with second.running():
        await _wait_for(second.database, 1)
    assert len(mailer.sent) == 1


async def test_a_refused_letter_is_told_in_the_audit_trail(posting: Platform, mailer: FakeMailer) -> None:
    mailer.refused = {"grace@example.org"}
    invited = await _invite(_client(posting, as_olga=True))
    await _wait_for(posting.database, 1)

    assert await audited(posting.database, f"user/{invited['identifier']}") == ["user:invited", "user:mail-failed"]


async def test_a_void_invitation_is_not_sent(posting: Platform, mailer: FakeMailer) -> None:
    mailer.is_away = True
    client = _client(posting, as_olga=True)
    invited = await _invite(client)
    expect(await client.call("DELETE", f"{USERS}/{invited['identifier']}"))
    mailer.is_away = False
    await _wait_for(posting.database, 1)

    assert mailer.sent == []


async def test_asking_for_a_new_password(posting: Platform, mailer: FakeMailer) -> None:
    await sign_in(posting, "user-bob")
    anybody = _client(posting)
    hostile = {"host": "evil.example", "x-forwarded-host": "evil.example"}

    answer = await anybody.call("POST", "/auth/password-reset", {"email": " BOB@example.org"}, headers=hostile)
    expect(answer, 202)
    await _wait_for(posting.database, 1)

    assert [mail.to for mail in mailer.sent] == ["bob@example.org"]
    assert "evil" not in mailer.sent[0].text
    expect(await anybody.call("POST", _link(mailer.sent[0], "password-reset"), {"password": PASSWORD}))
    assert await sessions_of(posting, "user-bob") == []


async def test_the_answer_does_not_tell_who_is_a_user(posting: Platform, mailer: FakeMailer) -> None:
    app = create_api(posting)
    gone = await add_someone(app, posting, Role.DEVELOPER, status=UserStatus.DELETED)
    invited = await add_someone(app, posting, Role.DEVELOPER, status=UserStatus.INVITED)
    async with posting.database.write() as session:
        await session.execute(update(User).where(User.id == "user-alice").values(oidc_subject="issuer alice"))
    anybody = AsgiClient(app)
    answers = []
    for email in ("bob@example.org", "nobody@example.org", gone.email, invited.email, "alice@example.org"):
        answer = await anybody.call("POST", "/auth/password-reset", {"email": email})
        headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
        answers.append((answer.status, answer.body, headers))
    await _wait_for(posting.database, 5)

    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 202
    assert [mail.to for mail in mailer.sent] == ["bob@example.org"]
    for email in ("", "nobody", "a@b@c", "x" * 321, "a\x00@b.c", "a@b.c\nBcc: d@e.f"):
        expect_error(await anybody.call("POST", "/auth/password-reset", {"email": email}), 400)


async def test_nobodys_mailbox_is_filled(posting: Platform, mailer: FakeMailer) -> None:
    anybody = _client(posting)
    most = posting.settings.sign_in_failures_per_account
    for _ in range(most):
        expect(await anybody.call("POST", "/auth/password-reset", {"email": "bob@example.org"}), 202)

    expect_error(await anybody.call("POST", "/auth/password-reset", {"email": "BOB@example.org"}), 429)
    expect(await anybody.call("POST", "/auth/password-reset", {"email": "alice@example.org"}), 202)
    await _wait_for(posting.database, most + 1)
    good = [link for mail in mailer.sent if (link := _link(mail, "password-reset")) and mail.to == "bob@example.org"]
    statuses = [(await anybody.call("GET", link)).status for link in good]
    assert statuses.count(200) == 1


async def test_letters_lead_to_where_the_server_listens(
    settings: Settings, adapters: Adapters, mailer: FakeMailer
) -> None:
    """Without a public address, what a stranger writes into the header `Host` still gets into no letter."""
    served = Platform(settings, replace(adapters, mailer=mailer))
    await served.prepare()
    async with served.running():
        body = {"email": "bob@example.org"}
        expect(await _client(served).call("POST", "/auth/password-reset", body, headers={"host": "evil.example"}), 202)
        await _wait_for(served.database, 1)

    assert "\nhttp://testserver:80/auth/password-reset/" in mailer.sent[0].text
