"""Letters with links: they arrive, also after a restart, and tell strangers nothing."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from modelyard.adapters.mail.base import Mail
from modelyard.adapters.mail.fake import FakeMailer
from modelyard.app import Adapters, Platform
from modelyard.domain.accounts.one_time_links import SEND_LINK
from modelyard.domain.accounts.password_links import MOST_LETTERS
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import User
from modelyard.domain.work.tables import Work, WorkState
from modelyard.entrypoints.rest.app import create_api
from modelyard.settings import Settings
from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
from tests.entrypoints.rest.people import (
    ACME,
    add_someone,
    sessions_of,
    sign_in,
    user_row,
)
from tests.entrypoints.rest.steps import expect, expect_error
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
    """The route of the API that does what the letter's page does."""
    page = {"invitations": "invitations", "password-reset": "new-password"}[path]
    found = re.search(rf"^https://models\.example/{page}/([\w-]+)$", mail.text, re.MULTILINE)
    assert found, mail.text
    return f"/auth/{path}/{found[1]}"


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
    most = MOST_LETTERS
    for email in ["bob@example.org", "BOB@example.org"] * most:  # the answer does not tell that there are no more
        expect(await anybody.call("POST", "/auth/password-reset", {"email": email}), 202)

    expect(await anybody.call("POST", "/auth/password-reset", {"email": "alice@example.org"}), 202)
    await _wait_for(posting.database, most + 1)
    assert len(mailer.sent) == most + 1
    good = [link for mail in mailer.sent if (link := _link(mail, "password-reset")) and mail.to == "bob@example.org"]
    statuses = [(await anybody.call("GET", link)).status for link in good]
    assert statuses.count(200) == 1


async def test_letters_lead_to_where_the_server_listens(
    settings: Settings, adapters: Adapters, mailer: FakeMailer
) -> None:
    """Without a public address, what somebody writes into the header `Host` still gets into no letter."""
    served = Platform(settings, replace(adapters, mailer=mailer))
    await served.prepare()
    async with served.running():
        body, evil = {"email": "bob@example.org"}, {"host": "evil.example"}
        expect(await _client(served).call("POST", "/auth/password-reset", body, headers=evil), 202)
        olga = AsgiClient(create_api(served), {"authorization": authorization(CAST.olga), **evil})
        expect(await olga.call("POST", f"{USERS}/user-alice/password-reset"))
        await _wait_for(served.database, 2)

    assert len(mailer.sent) == 2
    assert all("\nhttp://testserver:80/new-password/" in letter.text for letter in mailer.sent)
