"""Users from the command line, against a real server."""

import pytest

from modelyard.app import Platform
from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell

ADA = "ada@example.org"
INVITE = ("users", "invite", ADA, "--first-name", "Ada", "--last-name", "Lovelace")


async def test_an_invitation_without_a_mail_server_shows_the_link(olga: Shell, url: str) -> None:
    said = await olga.type(*INVITE, "--team", "team-vision", "-r", "DATA_SCIENTIST", "--title", "Countess")

    assert f"{url}/" in said
    assert "team-vision:DATA_SCIENTIST" in said
    shown = await olga.type("users", "show", ADA)
    assert ("Invited" in shown, "last active" in shown) == (True, False)
    assert f"{url}/" in await olga.type("users", "resend-invitation", ADA)


async def test_nobody_gets_into_the_admin_team_by_omission(olga: Shell) -> None:
    assert "say with --team" in await olga.type(*INVITE, code=2)
    assert "DEVELOPER" in await olga.type(*INVITE, "--team", "team-administrators")


async def test_the_life_of_a_user(olga: Shell) -> None:
    bob = CAST.bob.email
    assert "Builder" in await olga.type("users", "update", bob, "--last-name", "Builder")
    assert "holds until" in await olga.type("users", "reset-password", bob)
    assert "add --yes" in await olga.type("users", "deactivate", bob, code=2)
    await olga.type("users", "deactivate", bob, "--yes")
    assert (await olga.json("users", "show", bob))["status"] == "Inactive"
    await olga.type("users", "activate", bob)
    await olga.type("users", "delete", bob, stdin="y\n", interactive=True)
    assert bob not in await olga.type("users", "list")
    assert bob in await olga.type("users", "list", "--status", "Deleted")


async def test_filters(olga: Shell) -> None:
    async def found(*options: str) -> list[str]:
        return sorted(user["email"].partition("@")[0] for user in await olga.json("users", "list", *options))

    assert await found() == ["alice", "bob", "charlie", "olga"]
    assert await found("--team", "team-vision") == ["alice", "bob"]
    assert await found("--email", "bob@") == ["bob"]
    assert await found("--first-name", "Ali", "--last-name", "Exam") == ["alice"]
    assert await found("--search", "olga") == ["olga"]
    assert await found("--key", "bobpre") == ["bob"]
    assert await found("--status", "Inactive", "--status", "invited") == []
    assert await found("--since", "2999-01-01") == []
    assert await found("--until", "2999-01-01", "--date", "updatedAt") == ["alice", "bob", "charlie", "olga"]


async def test_all_pages_come_unless_one_is_named(olga: Shell) -> None:
    everybody = await olga.json("users", "list")

    assert await olga.json("users", "list", "--per-page", "1") == everybody
    assert await olga.json("users", "list", "--per-page", "3", "--limit", "2") == everybody[:2]
    assert await olga.json("users", "list", "--per-page", "3", "--page", "2") == everybody[3:]
    said = await olga.type("users", "list", "--per-page", "2", "-v")
    assert said.count("GET http") == 2


async def test_spreadsheets_do_not_run_names(olga: Shell) -> None:
    await olga.type("users", "update", CAST.bob.email, "--first-name", "=1+1", "--last-name", "a,b")
    head, *rows = (await olga.type("users", "list", "--output", "csv", "--search", "=1+1")).splitlines()

    assert head == "email,name,status,teams,last active,identifier"
    assert rows[0].startswith(f'{CAST.bob.email},"\'=1+1 a,b",Active,team-vision,')


@pytest.mark.parametrize("command", ["update", "show"])
async def test_somebody_who_is_not_there(olga: Shell, command: str) -> None:
    options = ("--title", "x") if command == "update" else ()
    assert "nobody@example.org" in await olga.type("users", command, "nobody@example.org", *options, code=5)


async def test_nothing_to_change(olga: Shell) -> None:
    assert "Say what to change" in await olga.type("users", "update", CAST.bob.email, code=2)


async def test_what_only_administrators_do(alice: Shell, platform: Platform) -> None:
    await alice.type(*INVITE, code=4)
    await alice.type("users", "delete", CAST.bob.email, "--yes", code=4)


async def test_a_name_that_is_refused(olga: Shell) -> None:
    assert "firstName" in await olga.type("users", "update", CAST.bob.email, "--first-name", "\x1b[31m", code=7)
