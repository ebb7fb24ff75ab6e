"""Roles from the command line, against a real server."""

from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell


async def test_the_life_of_a_role(olga: Shell) -> None:
    words = ("--description", "Runs things", "--long-description", "At night", "--weight", "70", "--type", "user")
    entitlements = ("-e", "jobs:read", "-e", "CAN_CANCEL_JOBS")
    created = await olga.json("roles", "create", "OPERATOR", "--name", "Operator", *words, *entitlements)
    assert [one["identifier"] for one in created["entitlements"]] == ["CAN_READ_JOBS", "CAN_CANCEL_JOBS"]
    assert [one["permission"] for one in created["entitlements"]] == ["jobs:read", "jobs:cancel"]
    assert (created["weight"], created["isPrebuilt"]) == (70, False)

    changed = await olga.json("roles", "update", "OPERATOR", "--name", "Night", "-e", "jobs:read")
    assert (changed["name"], len(changed["entitlements"])) == ("Night", 1)
    await olga.type("teams", "roles", "team-vision", CAST.bob.email, "OPERATOR")
    await olga.type("roles", "delete", "OPERATOR", "--yes", code=6)
    await olga.type("teams", "roles", "team-vision", CAST.bob.email, "DEVELOPER")
    assert "add --yes" in await olga.type("roles", "delete", "OPERATOR", code=2)
    assert "is deleted" in await olga.type("roles", "delete", "OPERATOR", "--yes")
    await olga.type("roles", "show", "OPERATOR", code=5)


async def test_lists(alice: Shell) -> None:
    head, *rows = (await alice.type("roles", "list")).splitlines()
    assert head.split()[:2] == ["IDENTIFIER", "NAME"]
    assert {"SYSTEM_OWNER", "DEVELOPER", "PROJECT"} <= {row.split()[0] for row in rows}
    assert [role["identifier"] for role in await alice.json("roles", "list", "--type", "system")] == ["PROJECT"]
    assert "jobs:submit" in await alice.type("roles", "show", "DEVELOPER")
    assert "models:deploy" in await alice.type("roles", "entitlements")


async def test_refusals(olga: Shell, alice: Shell) -> None:
    await alice.type("roles", "create", "MINE", "--name", "Mine", code=4)
    await olga.type("roles", "create", "MINE", "--name", "Mine", "-e", "fly", code=7)
    said = await olga.type("roles", "create", "MINE", "--name", "Mine", "-e", "job:read", code=7)
    assert "did you mean jobs:read?\n`modelyard roles entitlements` lists" in said
    await olga.type("roles", "create", "MINE", code=2)
    assert "Say what to change" in await olga.type("roles", "update", "MINE", code=2)
