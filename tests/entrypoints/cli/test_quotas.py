"""Quotas from the command line, against a real server."""

import pytest

from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell


async def test_the_life_of_a_quota(olga: Shell) -> None:
    limits = ("--period", "daily", "--from", "2026-01-01", "--to", "2999-01-01T12:00Z")
    created = await olga.json("quotas", "create", "100", "--team", "team-vision", *limits)
    quota = created["identifier"]
    assert (created["quota"], created["used"], created["period"]) == (100, 0, "daily")

    changed = await olga.json("quotas", "update", quota, "--amount", "5", "--from", "at-once", "--to", "never")
    assert (changed["quota"], "from" in changed, "to" in changed) == (5, False, False)
    (row,) = (await olga.type("quotas", "list", "--team", "team-vision")).splitlines()[1:]
    assert row.split() == [quota, "team", "team-vision", "daily", "5", "0", "-", "-"]
    assert quota in await olga.type("quotas", "show", quota)
    assert "add --yes" in await olga.type("quotas", "delete", quota, code=2)
    assert "is deleted" in await olga.type("quotas", "delete", quota, "--yes")
    await olga.type("quotas", "show", quota, code=5)


async def test_a_quota_of_a_user(olga: Shell) -> None:
    await olga.type("quotas", "create", "7", "--user", CAST.bob.email)

    assert [one["quota"] for one in await olga.json("quotas", "list", "--user", CAST.bob.email)] == [7]
    assert await olga.json("quotas", "list", "--user", CAST.alice.email) == []


@pytest.mark.parametrize("subjects", [(), ("--team", "team-vision", "--user", CAST.bob.email)])
async def test_exactly_one_is_limited(olga: Shell, subjects: tuple[str, ...]) -> None:
    assert "exactly one" in await olga.type("quotas", "create", "1", *subjects, code=2)


async def test_refusals(olga: Shell, alice: Shell) -> None:
    await alice.type("quotas", "create", "1", "--team", "team-vision", code=4)
    await olga.type("quotas", "create", "1", "--team", "team-vision", "--from", "soon", code=2)
    await olga.type("quotas", "create", "-1", "--team", "team-vision", code=2)
    assert "Say what to change" in await olga.type("quotas", "update", "some", code=2)
