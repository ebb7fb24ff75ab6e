"""Accounts, approvals and the timeline of a model from the command line, against a real server."""

import pytest

from modelyard.app import Platform
from tests.cast import CAST
from tests.domain.models.approval_steps import add_ready, change
from tests.entrypoints.cli.shell import Shell


@pytest.fixture
async def waiting(olga: Shell, platform: Platform) -> str:
    """Alice's model, whose version waits for administrators."""
    await olga.type("accounts", "set", "--approval-role", "ACCOUNT_ADMIN")
    model = await add_ready(platform.database)
    await change(platform.database, model, status="active")
    return model


async def test_accounts(olga: Shell) -> None:
    (own,) = [one for one in await olga.json("accounts", "list") if one["name"] == "acme"]
    assert await olga.json("accounts", "show") == await olga.json("accounts", "show", "ACME")
    changed = await olga.json(
        "accounts", "set", own["identifier"], "--engines", "7", "--approval-role", "ACCOUNT_ADMIN"
    )
    assert (changed["processingEngines"], changed["approvalRoles"]) == (7, ["ACCOUNT_ADMIN"])
    assert (await olga.json("accounts", "set", "--no-approval", "--name", "Acme"))["approvalRoles"] == []
    assert "Did you mean 'Acme'?" in await olga.type("accounts", "show", "Acmee", code=5)
    assert "Say what to change" in await olga.type("accounts", "set", code=2)


async def test_a_version_is_approved(olga: Shell, alice: Shell, waiting: str) -> None:
    assert "ACCOUNT_ADMIN" in await olga.type("approvals", "list")
    await alice.type("approvals", "approve", waiting, "0.1.0", code=4)
    decided = await olga.json("approvals", "approve", waiting, "0.1.0", "--reason", "Fit for use.")
    assert (decided["status"], decided["state"]) == ("active", "APPROVED")
    assert await olga.json("approvals", "list") == []


async def test_a_version_is_rejected(olga: Shell, waiting: str) -> None:
    await olga.type("approvals", "reject", waiting, "0.1.0", code=2)
    said = await olga.type("approvals", "reject", waiting, "0.1.0", "--reason", "No limits are named.")
    assert f"rejected for ACCOUNT_ADMIN by {CAST.olga.email}" in said


async def test_the_history_of_a_model(alice: Shell, olga: Shell, waiting: str) -> None:
    await olga.type("approvals", "approve", waiting, "0.1.0")
    name = (await alice.json("timeline", waiting, "--at", "2999-01-01"))["versions"]
    assert name == [{"version": "0.1.0", "status": "active", "activeSince": name[0]["activeSince"]}]
    told = await alice.type("timeline", waiting)
    assert "became active." in told
    assert "no time" in await alice.type("timeline", waiting, "--at", "noon", code=2)
    await alice.type("timeline", "nosuchthin", code=5)
