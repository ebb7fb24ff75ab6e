"""Projects from the command line, against a real server."""

from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell


async def test_the_life_of_a_project(alice: Shell) -> None:
    created = await alice.json("projects", "create", "Nightly runs", "--description", "Each night")
    (first,) = created["accessKeys"]
    assert first["prefix"] in await alice.type("projects", "keys", "list", "Nightly runs")
    assert "Robot" in await alice.type("projects", "keys", "create", "Nightly runs", "Robot")
    assert len(await alice.json("projects", "list")) == 1
    changed = await alice.json("projects", "update", "Nightly runs", "--name", "Daily", "--visibility", "team")
    assert (changed["name"], changed["visibility"], changed["description"]) == ("Daily", "TEAM", "Each night")
    assert CAST.bob.email in await alice.type("projects", "members", "add", "Daily", CAST.bob.email)
    await alice.type("projects", "members", "remove", "Daily", CAST.bob.email, "--yes")
    assert CAST.bob.email not in await alice.type("projects", "show", "Daily")
    assert "jobs" in await alice.type("projects", "statistics", "Daily")
    assert (await alice.json("projects", "statistics", "Daily"))["jobs"] == 0
    await alice.type("projects", "update", "Daily", "--status", "INACTIVE")
    assert await alice.json("projects", "list", "--status", "ACTIVE") == []
    await alice.type("projects", "delete", "Daily", stdin="y\n", interactive=True)
    assert "Daily" not in await alice.type("projects", "list")


async def test_refusals(alice: Shell, charlie: Shell) -> None:
    project = await alice.json("projects", "create", "Mine")

    await charlie.type("projects", "show", project["identifier"], code=5)
    await alice.type("projects", "create", "", code=7)
    assert "Say what to change" in await alice.type("projects", "update", "Mine", code=2)
    assert "add --yes" in await alice.type("projects", "delete", "Mine", code=2)


async def test_a_new_owner(olga: Shell, alice: Shell) -> None:
    project = await alice.json("projects", "create", "Mine", "--visibility", "TEAM")
    handed = await olga.json("projects", "update", project["identifier"], "--owner", CAST.bob.email)

    assert handed["user"]["email"] == CAST.bob.email
