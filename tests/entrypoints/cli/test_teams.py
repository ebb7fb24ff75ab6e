"""Teams from the command line, against a real server."""

from modelyard.app import Platform
from modelyard.domain.accounts.tables import Team
from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell


async def test_the_life_of_a_team(olga: Shell) -> None:
    assert "Vision Lab" in await olga.type("teams", "create", "Vision Lab")
    added = await olga.type("teams", "add", "Vision Lab", CAST.bob.email, "-r", "DATA_SCIENTIST", "-r", "DEVELOPER")
    assert "DATA_SCIENTIST,DEVELOPER" in added
    for options in ((), ("-r", "AUDITOR")):
        said = await olga.type("teams", "add", "Vision Lab", CAST.bob.email.upper(), *options, code=6)
        assert f"is a member already; `modelyard teams roles 'Vision Lab' {CAST.bob.email.upper()} ROLE …`" in said
    await olga.type("teams", "roles", "Vision Lab", CAST.bob.email, "AUDITOR")

    (member,) = await olga.json("teams", "members", "Vision Lab")
    assert (member["user"]["email"], member["roles"]) == (CAST.bob.email, ["AUDITOR"])

    assert "Sound Lab" in await olga.type("teams", "rename", "Vision Lab", "Sound Lab")
    assert "no longer" in await olga.type("teams", "remove", "Sound Lab", CAST.bob.email, "--yes")
    assert "is deleted" in await olga.type("teams", "delete", "Sound Lab", "--yes")
    assert "Sound Lab" not in await olga.type("teams", "list")


async def test_the_list_in_plain_columns(olga: Shell) -> None:
    head, *rows = (await olga.type("teams", "list")).splitlines()

    assert head.split() == ["NAME", "MEMBERS", "ADMIN", "ACCOUNT", "IDENTIFIER"]
    assert [row.split()[-1] for row in rows] == ["team-administrators", "team-strangers", "team-vision"]
    assert [row.index("acme") for row in (rows[0], rows[2])] == [head.index("ACCOUNT")] * 2


async def test_json_is_what_the_server_says(alice: Shell) -> None:
    (team,) = await alice.json("teams", "list")

    assert set(team) == {"identifier", "name", "isAdmin", "account", "members", "createdAt", "updatedAt"}
    assert await alice.json("teams", "show", "team-vision") == team


async def test_a_name_that_two_accounts_have(olga: Shell, platform: Platform) -> None:
    created = await olga.json("teams", "create", "Twins")
    async with platform.database.write() as session:
        now = platform.clock.now()
        session.add(
            Team(id="other-twins", account_id=CAST.charlie.account_id, name="Twins", is_admin=False, created_at=now)
        )

    refused = await olga.type("teams", "show", "Twins", code=6)

    assert created["identifier"] in refused
    assert "other-twins" in refused
    assert "acme" in await olga.type("teams", "show", created["identifier"])


async def test_a_name_in_another_case_or_misspelt(olga: Shell) -> None:
    await olga.type("teams", "create", "Sound Lab")

    assert "Sound Lab" in await olga.type("teams", "show", "sound LAB")
    assert "Did you mean 'Sound Lab'?" in await olga.type("teams", "show", "Sond Lab", code=5)


async def test_what_may_not_be_seen_is_not_found(charlie: Shell) -> None:
    assert "Error: " in await charlie.type("teams", "show", "team-vision", code=5)


async def test_what_may_not_be_done(alice: Shell) -> None:
    assert "Error: " in await alice.type("teams", "create", "Mine", code=4)


async def test_a_deletion_asks(olga: Shell) -> None:
    await olga.type("teams", "create", "Brief")

    assert "add --yes" in await olga.type("teams", "delete", "Brief", code=2)
    await olga.type("teams", "delete", "Brief", stdin="n\n", interactive=True, code=1)
    assert "Brief" in await olga.type("teams", "list")
    await olga.type("teams", "delete", "Brief", stdin="y\n", interactive=True)
    assert "Brief" not in await olga.type("teams", "list")
