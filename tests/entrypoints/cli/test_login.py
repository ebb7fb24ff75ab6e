"""Logging in and out against a real server: keys that are fetched once, tokens, and every way that must not work."""

import json

import pytest
from sqlalchemy import select

from modelyard.app import Platform
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.passwords import hash_password
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import ApiKey, SignedInSession, Team, User
from modelyard.entrypoints.cli.profile_file import Profile
from modelyard.entrypoints.cli.sign_in import SESSION_COOKIE
from modelyard.entrypoints.rest import csrf, requests
from tests.cast import CAST, key_of
from tests.entrypoints.cli.shell import Shell, canned, http
from tests.servers import free_port

ALICE = CAST.alice
PASSWORD = "a long horse staple"
LOGIN = ("login", "--email", ALICE.email, "--password-stdin")


@pytest.fixture(autouse=True)
async def _password(platform: Platform) -> None:
    """Alice has a password, and a second team whose key nobody has fetched."""
    async with platform.database.write() as session:
        user = await session.get_one(User, ALICE.user_id)
        user.password_hash = hash_password(PASSWORD)
        now = platform.clock.now()
        team = Team(id="team-sound", account_id=ALICE.account_id, name="Sound", is_admin=False, created_at=now)
        session.add(team)
        await session.flush()
        add_member(session, platform.clock, user, team, [Role.DEVELOPER])


async def _sessions(platform: Platform) -> list[str]:
    async with platform.database.read() as session:
        return sorted(await session.scalars(select(SignedInSession.kind)))


def test_words_that_the_server_has_too() -> None:
    assert SESSION_COOKIE == requests.SESSION_COOKIE
    assert csrf.CSRF_HEADER == "X-CSRF-Token"


async def test_a_key_that_nobody_fetched_is_fetched(shell: Shell, url: str, platform: Platform) -> None:
    said = await shell.type(*LOGIN, "--url", f"{url}/api/", "--team", "Sound", stdin=f"{PASSWORD}\n")

    stored = shell.file.read().by_name["default"]
    told = f"The profile default has the key {stored.key_prefix} and is in use from now on."
    assert said == f"Signed in to {url}. {told}\n"
    assert (stored.url, stored.email, stored.token) == (url, ALICE.email, "")
    assert await _sessions(platform) == []
    who = await shell.json("whoami")
    assert who["accessKey"] == stored.key_prefix
    assert (who["user"]["email"], who["team"]["name"], who["roles"]) == (ALICE.email, "Sound", ["DEVELOPER"])
    assert who["server"] == url


async def test_a_key_that_was_fetched_stays_and_a_token_does(shell: Shell, url: str, platform: Platform) -> None:
    said = await shell.type(*LOGIN, "--url", url, stdin=PASSWORD)

    assert "--replace-key makes a new one" in said
    stored = shell.file.read().by_name["default"]
    assert (stored.api_key, stored.team) == ("", ALICE.team_id)
    assert stored.token not in said
    who = await shell.json("whoami")
    assert (who["team"]["identifier"], who["roles"], who["account"]["name"]) == (
        ALICE.team_id,
        ["DATA_SCIENTIST"],
        "acme",
    )
    assert who["expiresAt"] == stored.expires_at
    assert "alice@example.org" in await shell.using(ALICE, url).type("whoami")


async def test_a_key_is_replaced_on_demand(shell: Shell, url: str) -> None:
    await shell.type(*LOGIN, "--url", url, "--replace-key", stdin=PASSWORD)

    assert shell.file.read().by_name["default"].key_prefix == ALICE.key_prefix
    await shell.type("whoami")
    assert "Error" in await shell.using(ALICE, url).type("whoami", code=3)


@pytest.mark.parametrize(("answer", "has_key"), [("y", True), ("n", False)])
async def test_somebody_is_asked(shell: Shell, url: str, answer: str, has_key: bool) -> None:
    typed = f"{url}\n{ALICE.email}\n{PASSWORD}\n{answer}\n"
    said = await shell.type("login", stdin=typed, interactive=True)

    assert PASSWORD not in said
    assert bool(shell.file.read().by_name["default"].api_key) is has_key


async def test_a_key_that_works_stays(shell: Shell, url: str) -> None:
    shell.store("default", Profile(url, api_key=key_of(ALICE).text))
    said = await shell.type("login", "--email", ALICE.email, stdin=f"{PASSWORD}\n", interactive=True)

    assert "has the key aliceprefix already, and it works: it stays." in said
    assert "?" not in said
    assert "in use from now on" not in said
    assert shell.file.read().by_name["default"] == Profile(url, ALICE.email, api_key=key_of(ALICE).text)
    await shell.type(*LOGIN, "--replace-key", stdin=PASSWORD)
    assert shell.file.read().by_name["default"].api_key != key_of(ALICE).text


async def test_a_key_that_works_no_more_is_no_loss(shell: Shell, url: str) -> None:
    shell.store("default", Profile(url, api_key="aliceprefix.body-of-yesterday"))
    said = await shell.type(*LOGIN, stdin=PASSWORD)

    assert "instead of the key aliceprefix" in said
    assert shell.file.read().by_name["default"].token


async def test_a_key_is_not_given_up_unasked(shell: Shell, url: str, platform: Platform) -> None:
    held = Profile(url, api_key=key_of(CAST.bob).text)
    shell.store("default", held)

    said = await shell.type(*LOGIN, stdin=PASSWORD, code=6)
    assert "holds the key bobprefix, whose body nobody shows again. It is not replaced by a token" in said
    typed = ("login", "--email", ALICE.email)
    asked = await shell.type(*typed, stdin=f"{PASSWORD}\nn\nn\n", interactive=True, code=1)
    assert "Put a token in its place?" in asked
    assert shell.file.read().by_name["default"] == held
    assert await _sessions(platform) == []
    await shell.type(*typed, "--team", "sound", stdin=f"{PASSWORD}\ny\n", interactive=True)
    assert shell.file.read().by_name["default"].key_prefix not in {"", "bobprefix"}
    said = await shell.type(*LOGIN, "--token", stdin=PASSWORD)
    assert "instead of the key" in said


@pytest.mark.parametrize("answer", [http(b"{}"), http(b"<html>", "404 Not Found", "text/html"), http(b"[]")])
def test_no_password_is_asked_for_where_no_modelyard_server_is(shell: Shell, answer: bytes) -> None:
    with canned(answer) as server:
        result = shell.run("login", "--email", "a@b.example", "--url", server.url, stdin="secret", interactive=True)

    assert (result.exit_code in {1, 5}, "Password" in result.output) == (True, False)
    assert "not a modelyard server" in result.stderr


async def test_only_a_token(shell: Shell, url: str, platform: Platform) -> None:
    await shell.type(*LOGIN, "--url", url, "--team", "team-sound", "--token", stdin=PASSWORD)

    assert shell.file.read().by_name["default"].token
    async with platform.database.read() as session:
        fetched = await session.scalars(select(ApiKey.retrieved_at).where(ApiKey.team_id == "team-sound"))
        assert list(fetched) == [None]


async def test_a_wrong_password(shell: Shell, url: str) -> None:
    said = await shell.type(*LOGIN, "--url", url, stdin="wrong horse staple", code=3)

    assert "horse" not in said
    assert shell.file.read().by_name == {}


async def test_a_team_that_one_is_not_in(shell: Shell, url: str) -> None:
    assert "in no team 'Other'" in await shell.type(*LOGIN, "--url", url, "--team", "Other", stdin=PASSWORD, code=5)


@pytest.mark.parametrize(
    "arguments", [("login",), ("login", "--email", "a@example.org"), ("login", "--password-stdin")]
)
def test_nobody_is_there_to_type(shell: Shell, arguments: tuple[str, ...]) -> None:
    result = shell.run(*arguments)

    assert (result.exit_code, "Nobody is here to type" in result.stderr) == (2, True)


async def test_an_api_key_is_checked_and_stored(shell: Shell, url: str) -> None:
    key = key_of(ALICE).text
    said = await shell.type("login", "--api-key-stdin", "--url", url, stdin=f"{key}\n")

    assert key not in said
    assert shell.file.read().by_name["default"] == Profile(url, api_key=key)
    assert "team-vision" in await shell.type("teams", "list")


@pytest.mark.parametrize(("key", "code"), [("aliceprefix.wrongbody", 3), ("nokey", 3), ("", 2)])
async def test_an_api_key_that_is_wrong_is_not_stored(shell: Shell, url: str, key: str, code: int) -> None:
    await shell.type("login", "--api-key-stdin", "--url", url, stdin=key, code=code)

    assert shell.file.read().by_name == {}


async def test_profiles_side_by_side(shell: Shell, url: str) -> None:
    shell.store("default", Profile("http://elsewhere:1", api_key="elsewher.elsewhere"))
    await shell.type("login", "--api-key-stdin", "--url", url, stdin=key_of(ALICE).text)
    named = url.removeprefix("http://").replace(":", "-")
    await shell.type("login", "--api-key-stdin", "--url", url, "--profile", "bob", stdin=key_of(CAST.bob).text)

    assert set(shell.file.read().by_name) == {"default", named, "bob"}
    assert (await shell.json("whoami"))["user"]["email"] == CAST.bob.email
    assert (await shell.json("whoami", "--profile", named))["user"]["email"] == ALICE.email
    await shell.type("login", "--api-key-stdin", "--url", url, stdin=key_of(ALICE).text)
    assert len(shell.file.read().by_name) == 3


async def test_logging_out_ends_a_token(shell: Shell, url: str, platform: Platform) -> None:
    await shell.type(*LOGIN, "--url", url, stdin=PASSWORD)
    token = shell.file.read().by_name["default"].token

    assert "has forgotten its token" in await shell.type("logout")

    assert "token" not in await _sessions(platform)
    assert token not in shell.file.path.read_text()
    assert "has no key" in await shell.type("whoami", code=3)
    assert "not logged in" in await shell.type("logout", code=3)


async def test_logging_out_leaves_a_key_alone(shell: Shell, url: str) -> None:
    await shell.type("login", "--api-key-stdin", "--url", url, stdin=key_of(ALICE).text)

    assert "has forgotten its key" in await shell.type("logout")
    assert "alice@example.org" in await shell.using(ALICE, url).type("whoami")


def test_logging_out_where_nobody_answers(shell: Shell) -> None:
    shell.store("default", Profile(f"http://127.0.0.1:{free_port()}", token="sometoken"))
    result = shell.run("logout")

    assert result.exit_code == 0
    assert "was not ended on the server" in result.stderr
    assert shell.file.read().by_name["default"].token == ""


async def test_the_key_of_a_project(olga: Shell, shell: Shell, url: str) -> None:
    who = await olga.using(CAST.bob, url).json("projects", "create", "Nightly")
    key = (await olga.using(CAST.bob, url).json("keys", "get", who["accessKeys"][0]["prefix"]))["key"]
    await shell.type("login", "--api-key-stdin", "--url", url, stdin=key)

    assert (await shell.json("whoami"))["project"]["name"] == "Nightly"


def _answers(session: object) -> bytes:
    return http(json.dumps(session).encode(), "200 OK", "application/json", f"Set-Cookie: {SESSION_COOKIE}=x")


@pytest.mark.parametrize(
    "answer",
    [http(b"{}"), http(b'{"status": "ok"}'), _answers({"status": "ok"}), _answers({"status": "ok", "teams": 5})],
)
def test_a_server_that_opens_no_session(shell: Shell, answer: bytes) -> None:
    with canned(answer) as server:
        result = shell.run(*LOGIN, "--url", server.url, stdin=PASSWORD)

    assert result.exit_code == 1
    assert PASSWORD not in result.output
    assert isinstance(result.exception, SystemExit)


def test_plain_http_to_another_machine_is_warned_of(shell: Shell) -> None:
    result = shell.run(*LOGIN, "--url", "http://nowhere.invalid", stdin=PASSWORD)

    assert (result.exit_code, "is not encrypted" in result.stderr) == (9, True)


def test_a_home_that_cannot_be_written_is_told_before_the_key_is_fetched(shell: Shell) -> None:
    shell.home.write_text("a file")
    with canned(http(b"{}")) as server:
        result = shell.run(*LOGIN, "--url", server.url, stdin=PASSWORD)

    assert (result.exit_code, "cannot be" in result.stderr, server.requests) == (2, True, [])
