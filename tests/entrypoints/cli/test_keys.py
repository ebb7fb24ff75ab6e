"""API keys from the command line, against a real server."""

from pathlib import Path

from modelyard.app import Platform
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import Team, User
from tests.cast import CAST, key_of
from tests.entrypoints.cli.shell import Shell

BOBS = CAST.bob.key_prefix


async def test_a_body_is_fetched_once_and_then_replaced(alice: Shell, url: str, platform: Platform) -> None:
    async with platform.database.write() as session:
        user = await session.get_one(User, CAST.alice.user_id)
        now = platform.clock.now()
        team = Team(id="team-sound", account_id=user.account_id, name="Sound", is_admin=False, created_at=now)
        session.add(team)
        await session.flush()
        prefix = add_member(session, platform.clock, user, team, [Role.DEVELOPER]).prefix

    fetched = await alice.json("keys", "get", prefix)
    assert fetched["key"] == f"{prefix}.{fetched['body']}"
    said = await alice.type("keys", "get", prefix, code=6)
    assert fetched["body"] not in said
    assert f"`modelyard keys replace {prefix}` makes a new one" in said
    assert "Nobody is here" in await alice.type("keys", "replace", prefix, code=2)
    assert "not shown again" in await alice.type("keys", "replace", prefix, "--yes")
    own = Shell(alice.home, {"MODELYARD_URL": url, "MODELYARD_API_KEY": fetched["key"]})
    await own.type("whoami", code=3)


async def test_the_life_of_a_key(olga: Shell) -> None:
    changed = await olga.json(
        *("keys", "set", BOBS, "--name", "Robot", "--description", "Runs at night", "--priority", "high"),
        *("--label", "night", "--label", "robot", "--expires", "2999-01-31T12:00Z"),
        *("--scope", "jobs:submit", "--network", "127.0.0.0/8"),
    )
    assert (changed["name"], changed["isHighPriority"], changed["labels"]) == ("Robot", True, ["night", "robot"])
    assert (changed["scopes"], changed["networks"]) == (["jobs:submit"], ["127.0.0.0/8"])
    assert changed["expiresAt"].startswith("2999-01-31T12:00")
    options = ("--no-labels", "--no-scopes", "--no-networks", "--expires", "never", "--priority", "normal")
    freed = await olga.json("keys", "set", BOBS, *options)
    assert (freed["labels"], freed["scopes"], freed["networks"], freed["isHighPriority"]) == ([], [], [], False)
    assert "expiresAt" not in freed
    assert "DEVELOPER" in await olga.type("keys", "roles", BOBS, "DEVELOPER")
    await olga.type("keys", "deactivate", BOBS, "--yes")
    assert "Inactive" in await olga.type("keys", "show", BOBS)
    await olga.type("keys", "activate", BOBS)
    await olga.type("keys", "delete", BOBS, "--yes")
    assert "final" in await olga.type("keys", "activate", BOBS, code=6)


async def test_a_body_in_a_file(alice: Shell, tmp_path: Path) -> None:
    file = tmp_path / "key"
    said = await alice.type("keys", "replace", CAST.alice.key_prefix, "--yes", "--to", str(file))

    assert file.read_text().startswith(f"{CAST.alice.key_prefix}.")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip() not in said
    assert f"The key is in {file}" in said
    own = Shell(alice.home, alice.variables | {"MODELYARD_API_KEY": file.read_text().strip()})
    assert "there already" in await own.type("keys", "replace", "x", "--yes", "--to", str(file), code=2)
    await own.type("keys", "get", CAST.alice.key_prefix, "--to", str(tmp_path / "none"), code=6)
    assert not (tmp_path / "none").exists()


async def test_limits_that_make_no_sense(olga: Shell) -> None:
    past = await olga.type("keys", "set", BOBS, "--expires", "2020-01-01", code=2)
    assert f"`modelyard keys deactivate {BOBS}`" in past
    odd = await olga.type("keys", "set", BOBS, "--expires", "31.12.2099", code=2)
    assert "'--expires': '31.12.2099' is no time; write it like 2027-01-31" in odd
    misspelt = await olga.type("keys", "set", BOBS, "--scope", "job:submit", code=7)
    assert "did you mean jobs:submit?\n`modelyard roles entitlements` lists" in misspelt


async def test_filters(olga: Shell) -> None:
    async def found(*options: str) -> list[str]:
        return sorted(key["prefix"] for key in await olga.json("keys", "list", *options))

    assert await found("--user", CAST.bob.email) == [BOBS]
    assert await found("--team", "team-vision") == [CAST.alice.key_prefix, BOBS]
    assert await found("--search", "olgapre", "--status", "active") == [CAST.olga.key_prefix]
    await olga.type("keys", "delete", BOBS, "-y")
    assert await found("--status", "Deleted") == [BOBS]


async def test_secrets_do_not_belong_into_arguments(alice: Shell) -> None:
    secret = key_of(CAST.alice)
    said = await alice.type("keys", "show", secret.text, code=2)

    assert secret.body not in said


async def test_the_key_of_somebody_else(alice: Shell) -> None:
    assert "Error: " in await alice.type("keys", "get", CAST.olga.key_prefix, code=5)
    assert "Say what to change" in await alice.type("keys", "set", CAST.alice.key_prefix, code=2)
