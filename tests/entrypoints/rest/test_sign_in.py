"""Signing in: cookies, tokens, sessions, and every way in which it must not work."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from modelyard.app import Platform
from modelyard.core.database import Database
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.passwords import PasswordHashing, hash_password
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.sessions import MOST_PER_USER
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import ApiKey, SignedInSession, Team, User
from tests.asgi import Answer, AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import expect, expect_error
from tests.library import audited
from tests.manual_clock import ManualClock

ALICE = CAST.alice
PASSWORD = "a long horse staple"
OTHER_TEAM = "team-sound"


@pytest.fixture(autouse=True)
async def _password(database: Database) -> None:
    """Alice has a password, and is in a second team as a developer."""
    async with database.write() as session:
        user = await session.get_one(User, ALICE.user_id)
        user.password_hash = hash_password(PASSWORD)
        now = ManualClock().now() + timedelta(days=1)
        team = Team(id=OTHER_TEAM, account_id=ALICE.account_id, name="Sound", is_admin=False, created_at=now)
        session.add(team)
        await session.flush()
        later = ManualClock()
        await later.advance(86_400)
        add_member(session, later, user, team, [Role.DEVELOPER])


async def _sign_in(app: FastAPI, **body: str) -> Answer:
    body = {"email": ALICE.email, "password": PASSWORD, **body}
    return await AsgiClient(app).call("POST", "/auth/sign-in", body)


def _cookie(answer: Answer) -> str:
    return answer.cookies["modelyard_session"]


async def _browser(app: FastAPI, **body: str) -> AsgiClient:
    """A client that is signed in."""
    answer = await _sign_in(app, **body)
    expect(answer)
    return AsgiClient(app, {"cookie": f"modelyard_session={_cookie(answer)}", "x-csrf-token": "1"})


class _Meanwhile(PasswordHashing):
    """While it checks a password, somebody else changes what is stored."""

    def __init__(self, database: Database, **changes: object) -> None:
        super().__init__()
        self._database = database
        self._changes = changes

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        found = await super().is_right(password, password_hash)
        async with self._database.write() as session:
            await session.execute(update(User).where(User.id == ALICE.user_id).values(**self._changes))
        return found


@pytest.mark.parametrize("changes", [{"password_hash": "another"}, {"status": UserStatus.INACTIVE}])
async def test_what_changes_while_a_password_is_checked_counts(
    app: FastAPI, platform: Platform, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    monkeypatch.setattr(platform.sign_in, "_hashing", _Meanwhile(platform.database, **changes))

    expect_error(await _sign_in(app), 401, "wrong, or you are not active")

    async with platform.database.read() as session:
        assert (await session.scalars(select(SignedInSession))).all() == []


async def test_cookie_opens_the_api(app: FastAPI, database: Database) -> None:
    answer = await _sign_in(app)
    body = expect(answer)
    cookie = answer.headers["set-cookie"]

    assert body["teamIdentifier"] == ALICE.team_id
    assert body["isCurrent"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert _cookie(answer) not in answer.body.decode()
    async with database.read() as session:
        rows = (await session.scalars(select(SignedInSession))).all()
    assert all(_cookie(answer) not in str(vars(row)) for row in rows)
    browser = await _browser(app)
    assert expect(await browser.call("GET", "/auth/session"))["user"]["email"] == ALICE.email
    expect(await browser.call("POST", "/api/models", {"name": "mine", "version": "0.1.0"}), 201)
    assert "session:opened" in await audited(database)


async def test_cookie_is_secure_where_people_come_by_https(app: FastAPI, platform: Platform) -> None:
    platform.settings = platform.settings.model_copy(update={"public_url": "https://models.example.org"})

    assert "Secure" in (await _sign_in(app)).headers["set-cookie"]


@pytest.mark.parametrize("email", [ALICE.email.upper(), f"  {ALICE.email} "])
async def test_an_address_is_the_same_in_any_case(app: FastAPI, email: str) -> None:
    expect(await _sign_in(app, email=email))


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "wrong"},
        {"password": ""},
        {"password": PASSWORD.upper()},
        {"password": PASSWORD + "\x00"},
        {"email": "nobody@example.org"},
        {"email": ""},
        {"email": "\x00"},
        {"email": CAST.bob.email},
    ],
)
async def test_every_wrong_way_is_answered_alike(app: FastAPI, changes: Mapping[str, str]) -> None:
    answer = await _sign_in(app, **changes)

    assert "E-mail address or password is wrong" in expect_error(answer, 401)
    assert "set-cookie" not in answer.headers


async def test_refusals_are_in_the_audit_trail_without_the_password(app: FastAPI, database: Database) -> None:
    await _sign_in(app, password="not this one")

    assert await audited(database, f"user/{ALICE.user_id}") == ["session:refused"]


@pytest.mark.parametrize("status", [UserStatus.INACTIVE, UserStatus.INVITED, UserStatus.DELETED])
async def test_who_is_not_active_is_kept_out(app: FastAPI, database: Database, status: UserStatus) -> None:
    browser = await _browser(app)
    async with database.write() as session:
        await session.execute(update(User).where(User.id == ALICE.user_id).values(status=status))

    expect_error(await _sign_in(app), 401)
    expect_error(await browser.call("GET", "/auth/session"), 401)


async def test_who_guesses_has_to_wait(app: FastAPI, platform: Platform) -> None:
    for _ in range(platform.settings.sign_in_failures_per_account_there):
        expect_error(await _sign_in(app, password="wrong"), 401)

    answer = await _sign_in(app)

    expect_error(answer, 429, "wait")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_page_of_another_site_signs_nobody_in(app: FastAPI) -> None:
    body = {"email": ALICE.email, "password": PASSWORD}
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        answer = await AsgiClient(app, headers).call("POST", "/auth/sign-in", body)
        expect_error(answer, 403, "does not come from a page of this server")
    own = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    expect(await AsgiClient(app, own).call("POST", "/auth/sign-in", body))


async def test_a_page_of_another_site_changes_nothing(app: FastAPI) -> None:
    browser = await _browser(app)
    body = {"name": "mine", "version": "0.1.0"}

    for headers in ({"x-csrf-token": None}, {"origin": "https://evil.example"}, {"sec-fetch-site": "same-site"}):
        expect_error(await browser.call("POST", "/api/models", body, headers=headers), 403)
    expect(await browser.call("GET", "/api/models", headers={"x-csrf-token": None}))


async def test_one_acts_for_one_team_at_a_time(app: FastAPI) -> None:
    browser = await _browser(app, team=OTHER_TEAM)
    new = {"name": "mine", "version": "0.1.0"}

    expect_error(await browser.call("POST", "/api/models", new), 403, "models:deploy")
    expect(await browser.call("POST", "/api/models", new, headers={"modzy-team-id": ALICE.team_id}), 201)
    assert (
        expect(await browser.call("PATCH", "/auth/session", {"team": ALICE.team_id}))["teamIdentifier"] == ALICE.team_id
    )
    expect(await browser.call("POST", "/api/models", new), 201)
    expect_error(await browser.call("PATCH", "/auth/session", {"team": CAST.charlie.team_id}), 400, "not a member")
    expect_error(await browser.call("GET", "/api/models", headers={"modzy-team-id": CAST.charlie.team_id}), 401)
    expect_error(await _sign_in(app, team=CAST.charlie.team_id), 400, "not a member")


async def test_token_works_beside_the_team(app: FastAPI) -> None:
    browser = await _browser(app)
    answer = await browser.call("GET", "/auth/token")
    shown = expect(answer)
    bearer = {"authorization": f"Bearer {shown['token']}", "modzy-team-id": shown["teamIdentifier"]}

    assert answer.headers["cache-control"] == "no-store"
    expect(await AsgiClient(app, bearer).call("GET", "/api/models"))
    expect(await AsgiClient(app, bearer).call("POST", "/api/models", {"name": "mine", "version": "0.1.0"}), 201)
    expect_error(await AsgiClient(app, bearer | {"modzy-team-id": "team-strangers"}).call("GET", "/api/models"), 401)
    expect_error(await AsgiClient(app, {"authorization": bearer["authorization"]}).call("GET", "/api/models"), 401)
    as_key = {"authorization": f"ApiKey {shown['token']}"}
    expect_error(await AsgiClient(app, as_key).call("GET", "/api/models"), 401)
    expect_error(await AsgiClient(app, bearer).call("GET", "/auth/token"), 404)


async def test_a_token_ends_with_its_session(app: FastAPI, platform: Platform) -> None:
    browser = await _browser(app)
    shown = expect(await browser.call("GET", "/auth/token"))
    bearer = {"authorization": f"Bearer {shown['token']}", "modzy-team-id": shown["teamIdentifier"]}

    expect(await browser.call("POST", "/auth/sign-out"))

    expect_error(await AsgiClient(app, bearer).call("GET", "/api/models"), 401)
    expect_error(await browser.call("GET", "/api/models"), 401)


async def test_a_cookie_that_is_over_does_not_close_what_is_public(app: FastAPI) -> None:
    browser = await _browser(app)
    expect(await browser.call("POST", "/auth/sign-out"))

    expect(await browser.call("GET", "/api/models/tags/count"))
    expect_error(await browser.call("GET", "/api/models/tags/count", headers={"authorization": "ApiKey a.b"}), 401)


async def test_sessions_are_listed_and_ended(app: FastAPI) -> None:
    one, other = await _browser(app), await _browser(app)
    listed = expect(await one.call("GET", "/auth/sessions"))
    (current,) = [entry for entry in listed if entry["isCurrent"]]
    (elsewhere,) = [entry for entry in listed if not entry["isCurrent"]]

    assert current["method"] == elsewhere["method"] == "password"
    expect(await one.call("DELETE", f"/auth/sessions/{elsewhere['identifier']}"))
    expect_error(await other.call("GET", "/auth/session"), 401)
    expect(await one.call("GET", "/auth/session"))
    expect_error(await one.call("DELETE", f"/auth/sessions/{elsewhere['identifier']}"), 404)


async def test_signing_out_everywhere(app: FastAPI, database: Database) -> None:
    browsers = [await _browser(app) for _ in range(3)]

    assert expect(await browsers[0].call("DELETE", "/auth/sessions")) == {"ended": 3}

    for browser in browsers:
        expect_error(await browser.call("GET", "/auth/session"), 401)
    assert "session:all-ended" in await audited(database)


async def test_nobody_ends_the_sessions_of_others(app: FastAPI, bob: AsgiClient) -> None:
    browser = await _browser(app)
    (mine,) = expect(await browser.call("GET", "/auth/sessions"))

    expect_error(await bob.call("DELETE", f"/auth/sessions/{mine['identifier']}"), 403, "signed in")
    expect(await browser.call("GET", "/auth/session"))


async def test_the_oldest_session_ends_when_there_are_too_many(app: FastAPI, database: Database) -> None:
    first = await _browser(app)
    async with database.write() as session:
        row = (await session.scalars(select(SignedInSession))).one()
        copies: list[Any] = [
            SignedInSession(
                **{
                    column.name: getattr(row, column.name)
                    for column in SignedInSession.__table__.columns
                    if column.name not in {"id", "fingerprint", "last_seen_at"}
                },
                id=f"copy {number}",
                fingerprint=f"copy {number}",
                last_seen_at=row.last_seen_at + timedelta(seconds=number + 1),
            )
            for number in range(MOST_PER_USER - 1)
        ]
        session.add_all(copies)

    await _browser(app)

    async with database.read() as session:
        assert len((await session.scalars(select(SignedInSession))).all()) == MOST_PER_USER
    expect_error(await first.call("GET", "/auth/session"), 401)


async def test_changing_the_password_ends_the_other_sessions(app: FastAPI, database: Database) -> None:
    one, other = await _browser(app), await _browser(app)
    new = "another long staple"

    expect_error(await one.call("POST", "/auth/password", {"old": "wrong", "new": new}), 403, "wrong")
    expect_error(await one.call("POST", "/auth/password", {"old": PASSWORD, "new": "short"}), 400, "characters")
    expect(await one.call("POST", "/auth/password", {"old": PASSWORD, "new": new}))

    expect(await one.call("GET", "/auth/session"))
    expect_error(await other.call("GET", "/auth/session"), 401)
    expect_error(await _sign_in(app), 401)
    expect(await _sign_in(app, password=new))
    assert "user:password:changed" in await audited(database, f"user/{ALICE.user_id}")


async def test_changing_the_password_voids_open_links(app: FastAPI, olga: AsgiClient) -> None:
    browser = await _browser(app)
    reset = f"/api/accounting/accounts/{ALICE.account_id}/users/{ALICE.user_id}/password-reset"
    link = f"/auth/password-reset/{expect(await olga.call('POST', reset))['url'].rpartition('/')[2]}"
    expect(await AsgiClient(app).call("GET", link))

    expect(await browser.call("POST", "/auth/password", {"old": PASSWORD, "new": "another long staple"}))

    expect_error(await AsgiClient(app).call("POST", link, {"password": "a third long staple"}), 404)
    expect(await _sign_in(app, password="another long staple"))


async def test_sessions_end_after_their_time(app: FastAPI, platform: Platform, database: Database) -> None:
    browser = await _browser(app)
    (row,) = await _sessions(database)

    assert row.expires_at - row.created_at == timedelta(hours=platform.settings.session_hours)
    await _change_session(platform, expires_at=platform.clock.now())
    expect_error(await browser.call("GET", "/auth/session"), 401)


async def test_who_does_nothing_for_long_is_signed_out(app: FastAPI, platform: Platform, database: Database) -> None:
    browser = await _browser(app)
    idle = timedelta(minutes=platform.settings.session_idle_minutes)

    await _change_session(platform, last_seen_at=platform.clock.now() - idle)
    expect_error(await browser.call("GET", "/auth/session"), 401)


async def _sessions(database: Database) -> list[SignedInSession]:
    async with database.read() as session:
        return list(await session.scalars(select(SignedInSession)))


async def _change_session(platform: Platform, **values: Any) -> None:
    """As time would; what the authenticator remembers is out of date then, too."""
    platform.database.bells.ring("access")
    async with platform.database.write() as session:
        await session.execute(update(SignedInSession).values(**values))


async def test_use_is_written_down(app: FastAPI, platform: Platform, database: Database, alice: AsgiClient) -> None:
    browser = await _browser(app)
    before = platform.clock.now() - timedelta(minutes=5)
    await _change_session(platform, last_seen_at=before)

    expect(await browser.call("GET", "/auth/session"))
    expect(await alice.call("GET", "/api/models"))
    await platform.last_use.write()

    (row,) = await _sessions(database)
    assert row.last_seen_at > before
    async with database.read() as session:
        key = await session.get_one(ApiKey, ALICE.key_prefix)
        user = await session.get_one(User, ALICE.user_id)
    assert key.last_used_at is not None
    assert user.last_active_at is not None
