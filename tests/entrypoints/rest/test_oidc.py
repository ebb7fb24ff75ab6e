"""Signing in through an OpenID provider: who is let in, into which teams, and what must not work."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from modelyard.adapters.identity.base import Identity
from modelyard.adapters.identity.fake import FakeIdentityProvider
from modelyard.app import Platform
from modelyard.core.database import Database
from modelyard.core.group_teams import parse_group_teams
from modelyard.domain.accounts.identity_sign_in import GroupRolesUnknown, IdentityRules, check_rules
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import ApiKey, Membership, Team, User
from modelyard.entrypoints.rest.app import create_api
from tests.asgi import Answer, AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import expect, expect_error
from tests.library import audited

TEAMS = parse_group_teams("science=Vision Lab:DATA_SCIENTIST;ops=team-administrators:ACCOUNT_ADMIN")
ALICE = Identity("1", "", CAST.alice.email, True, "Alice", "Example", frozenset({"science"}))
NEW = Identity("2", "", "nina@example.org", True, "Nina", "New", frozenset({"science"}))
PEOPLE = {
    "alice": ALICE,
    "nina": NEW,
    "unverified": replace(ALICE, subject="3", email_verified=False),
    "groupless": replace(NEW, subject="4", email="gus@example.org", groups=frozenset()),
    "second": replace(ALICE, subject="5"),
    "olga": Identity("6", "", CAST.olga.email, True, "Olga", "Example", frozenset()),
}


@pytest.fixture
def provider(platform: Platform) -> FakeIdentityProvider:
    """The platform's provider; the account that people come into is that of the cast."""
    fake = FakeIdentityProvider(dict(PEOPLE))
    platform.identity_provider = fake
    platform.identity_rules = IdentityRules(TEAMS)
    return fake


@pytest.fixture
def app(platform: Platform, provider: FakeIdentityProvider) -> FastAPI:
    return create_api(platform)


async def _come_back(app: FastAPI, provider: FakeIdentityProvider, name: str, path: str = "") -> Answer:
    """To the provider and back again, in one browser."""
    started = await AsgiClient(app).call("GET", f"/auth/oidc/start?next={path}")
    assert started.status == 302, started.body
    back = urlsplit(provider.approve(started.headers["location"], name))
    return await AsgiClient(app, {"cookie": _cookie(started, "modelyard_oidc")}).call(
        "GET", f"{back.path}?{back.query}"
    )


def _cookie(answer: Answer, name: str) -> str:
    return f"{name}={answer.cookies[name]}"


async def _signed_in(app: FastAPI, provider: FakeIdentityProvider, name: str) -> AsgiClient:
    answer = await _come_back(app, provider, name)
    assert answer.status == 302, answer.body
    return AsgiClient(app, {"cookie": _cookie(answer, "modelyard_session"), "x-csrf-token": "1"})


async def _teams(database: Database, email: str) -> dict[str, list[str]]:
    query = select(Team.name, Membership.roles).join(Membership).join(User).where(User.email == email)
    async with database.read() as session:
        return {name: list(roles) for name, roles in await session.execute(query)}


async def test_somebody_known_is_linked_and_signed_in(
    app: FastAPI, provider: FakeIdentityProvider, database: Database
) -> None:
    browser = await _signed_in(app, provider, "alice")

    assert expect(await browser.call("GET", "/auth/session"))["method"] == "oidc"
    assert await _teams(database, ALICE.email) == {
        "team-vision": ["DATA_SCIENTIST"],
        "Vision Lab": ["DATA_SCIENTIST"],
    }
    assert "user:identity:linked" in await audited(database, f"user/{CAST.alice.user_id}")


async def test_somebody_new_comes_with_their_groups(
    app: FastAPI, provider: FakeIdentityProvider, database: Database
) -> None:
    browser = await _signed_in(app, provider, "nina")

    expect(await browser.call("POST", "/api/models", {"name": "mine", "version": "0.1.0"}), 201)
    assert await _teams(database, NEW.email) == {"Vision Lab": ["DATA_SCIENTIST"]}
    async with database.read() as session:
        user = (await session.scalars(select(User).where(User.email == NEW.email))).one()
        keys = (await session.scalars(select(ApiKey).where(ApiKey.user_id == user.id))).all()
    assert (user.source, user.first_name, user.status) == ("oidc", "Nina", "Active")
    assert [key.body_fingerprint for key in keys] == [None]


async def test_groups_decide_again_at_each_sign_in(
    app: FastAPI, provider: FakeIdentityProvider, database: Database
) -> None:
    await _signed_in(app, provider, "nina")
    provider._people = PEOPLE | {"nina": replace(NEW, groups=frozenset({"ops"}))}
    await _signed_in(app, provider, "nina")
    assert await _teams(database, NEW.email) == {"team-administrators": ["ACCOUNT_ADMIN"]}

    provider._people = PEOPLE | {"nina": replace(NEW, groups=frozenset())}
    expect_error(await _come_back(app, provider, "nina"), 403, "not a member of any team")
    assert await _teams(database, NEW.email) == {}


async def test_sessions_for_a_team_end_when_groups_take_it_away(
    app: FastAPI, provider: FakeIdentityProvider, database: Database
) -> None:
    browser = await _signed_in(app, provider, "nina")
    provider._people = PEOPLE | {"nina": replace(NEW, groups=frozenset({"ops"}))}
    await _signed_in(app, provider, "nina")
    expect_error(await browser.call("GET", "/auth/session"), 401)

    provider._people = PEOPLE
    again = await _signed_in(app, provider, "nina")

    assert await _teams(database, NEW.email) == {"Vision Lab": ["DATA_SCIENTIST"]}
    expect(await again.call("GET", "/auth/session"))
    expect_error(await browser.call("GET", "/auth/session"), 401)  # what has ended does not come back with the team


async def test_the_last_administrator_stays_one(
    app: FastAPI, provider: FakeIdentityProvider, database: Database
) -> None:
    before = await _teams(database, CAST.olga.email)

    await _signed_in(app, provider, "olga")

    assert await _teams(database, CAST.olga.email) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [("unverified", "not verified your e-mail"), ("groupless", "none of your groups has access")],
)
async def test_who_is_not_let_in(
    app: FastAPI, provider: FakeIdentityProvider, database: Database, name: str, words: str
) -> None:
    answer = await _come_back(app, provider, name)

    expect_error(answer, 401, words)
    assert "modelyard_session" not in answer.cookies
    async with database.read() as session:
        assert (await session.scalars(select(User).where(User.oidc_subject.is_not(None)))).all() == []


async def test_an_address_that_nobody_verified_links_nobody(
    app: FastAPI, provider: FakeIdentityProvider, platform: Platform
) -> None:
    platform.identity_rules = IdentityRules(TEAMS, requires_verified_email=False)

    expect_error(await _come_back(app, provider, "unverified"), 401, "not verified")


async def test_a_second_identity_with_the_same_address_is_refused(app: FastAPI, provider: FakeIdentityProvider) -> None:
    await _signed_in(app, provider, "alice")

    expect_error(await _come_back(app, provider, "second"), 401, "another identity")


@pytest.mark.parametrize("status", [UserStatus.INACTIVE, UserStatus.REJECTED])
async def test_who_was_switched_off_stays_so(
    app: FastAPI, provider: FakeIdentityProvider, database: Database, status: UserStatus
) -> None:
    async with database.write() as session:
        await session.execute(update(User).where(User.id == CAST.alice.user_id).values(status=status))

    expect_error(await _come_back(app, provider, "alice"), 401, "not active")


async def test_an_invitation_is_accepted_by_signing_in(
    app: FastAPI, provider: FakeIdentityProvider, database: Database
) -> None:
    async with database.write() as session:
        await session.execute(update(User).where(User.id == CAST.alice.user_id).values(status=UserStatus.INVITED))

    expect(await (await _signed_in(app, provider, "alice")).call("GET", "/auth/session"))


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("/models/abc?x=1", "/models/abc?x=1"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/%5Cevil.example", "/"),
        ("/a%0D%0ASet-Cookie:x", "/"),
        ("evil", "/"),
    ],
)
async def test_afterwards_one_stays_on_this_server(
    app: FastAPI, provider: FakeIdentityProvider, asked: str, got: str
) -> None:
    answer = await _come_back(app, provider, "alice", asked.replace("?", "%3F").replace("=", "%3D"))

    assert answer.headers["location"] == got


async def test_another_browser_cannot_finish_a_sign_in(app: FastAPI, provider: FakeIdentityProvider) -> None:
    mine = await AsgiClient(app).call("GET", "/auth/oidc/start")
    theirs = await AsgiClient(app).call("GET", "/auth/oidc/start")
    back = urlsplit(provider.approve(theirs.headers["location"], "alice"))
    path = f"{back.path}?{back.query}"

    expect_error(await AsgiClient(app).call("GET", path), 401, "not started in this browser")
    other = {"cookie": _cookie(mine, "modelyard_oidc")}
    expect_error(await AsgiClient(app, other).call("GET", path), 401, "not started in this browser")
    forged = {"cookie": "modelyard_oidc=forged"}
    expect_error(await AsgiClient(app, forged).call("GET", path), 401, "not started in this browser")


async def test_the_providers_refusal_is_told(app: FastAPI, provider: FakeIdentityProvider) -> None:
    started = await AsgiClient(app).call("GET", "/auth/oidc/start")
    state = dict(part.split("=") for part in urlsplit(started.headers["location"]).query.split("&"))["state"]
    client = AsgiClient(app, {"cookie": _cookie(started, "modelyard_oidc")})

    answer = await client.call("GET", f"/auth/oidc/callback?state={state}&error=access_denied<script>")

    assert "script>" not in expect_error(answer, 401, "did not sign you in")


async def test_a_provider_that_is_away(app: FastAPI, provider: FakeIdentityProvider) -> None:
    provider.is_away = True

    expect_error(await AsgiClient(app).call("GET", "/auth/oidc/start"), 503, "does not answer")


async def test_without_a_provider(platform: Platform) -> None:
    expect_error(await AsgiClient(create_api(platform)).call("GET", "/auth/oidc/start"), 404, "No OpenID provider")


async def test_roles_that_do_not_exist_are_found_at_the_start(database: Database) -> None:
    rules = IdentityRules(parse_group_teams("a=Vision:DATA_SCIENTISTS"))

    async with database.read() as session:
        with pytest.raises(GroupRolesUnknown, match="DATA_SCIENTISTS"):
            await check_rules(session, rules)
        await check_rules(session, IdentityRules(TEAMS))
