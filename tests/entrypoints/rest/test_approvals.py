"""Approval over HTTP: 202 until everybody has said yes, the list of what waits, and what a client sees of it."""

from typing import Any

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import CustomRole
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.domain.models.approval_steps import ask_roles
from tests.entrypoints.rest.callers import SOUND, key_with
from tests.entrypoints.rest.steps import Walk, expect, expect_error, rows, snapshot


@pytest.fixture
async def admin(app: FastAPI, platform: Platform) -> AsgiClient:
    """The administrator of Alice's team."""
    return AsgiClient(app, await key_with(platform, [Role.ACCOUNT_ADMIN]))


@pytest.fixture
async def risk(app: FastAPI, platform: Platform) -> AsgiClient:
    """Somebody of Alice's team with a role that allows to read and to approve."""
    now = platform.clock.now()
    async with platform.database.write() as session:
        session.add(
            CustomRole(
                account_id=CAST.alice.account_id,
                identifier="RISK",
                name="Risk",
                description="",
                long_description="",
                weight=70,
                type="user",
                permissions=[Permission.APPROVE_MODELS],
                created_at=now,
                updated_at=now,
            )
        )
    return AsgiClient(app, await key_with(platform, ["RISK", Role.DEVELOPER]))


@pytest.fixture
async def path(walk: Walk, platform: Platform) -> str:
    """A version of Alice that waits for RISK and ACCOUNT_ADMIN."""
    await ask_roles(platform.database, "RISK", "ACCOUNT_ADMIN")
    path = await walk.described()
    answer = await walk.client.call("PATCH", path, {"status": "active"})
    assert answer.status == 202
    return path


async def test_activation_is_accepted_and_waits(alice: AsgiClient, path: str) -> None:
    version = expect(await alice.call("PATCH", path, {"status": "active"}), 202)

    assert (version["status"], version["isActive"]) == ("partial", False)
    approval: dict[str, Any] = version["approval"]
    assert approval.pop("askedAt").endswith("+00:00")
    assert approval == {
        "state": "PENDING",
        "askedBy": CAST.alice.email,
        "waitingFor": ["RISK", "ACCOUNT_ADMIN"],
        "decisions": [],
    }
    assert expect(await alice.call("GET", path))["approval"]["state"] == "PENDING"
    assert expect(await alice.call("PATCH", path, {"versionHistory": "new"}))["status"] == "partial"


async def test_without_approval_nothing_is_shown_of_it(alice: AsgiClient, walk: Walk) -> None:
    path = await walk.described()

    assert "approval" not in expect(await alice.call("PATCH", path, {"status": "active"}))
    assert "approval" not in expect(await alice.call("GET", path))
    answer = expect(await alice.call("GET", f"{path}/approvals"))
    assert (answer["state"], answer["decisions"], answer["mayDecide"]) == ("NOT_ASKED", [], False)


async def test_what_has_changed_since_it_was_looked_at_is_not_approved(
    alice: AsgiClient, admin: AsgiClient, path: str
) -> None:
    seen = expect(await admin.call("GET", f"{path}/approvals"))["seen"]
    assert [row["seen"] for row in expect(await admin.call("GET", "/api/models/approvals"))] == [seen]
    expect(await alice.call("PATCH", path, {"longDescription": "Something else."}))
    body = {"decision": "approved", "seen": seen}

    expect_error(await admin.call("POST", f"{path}/approvals", body), 409, "changed since")

    body["seen"] = expect(await admin.call("GET", f"{path}/approvals"))["seen"]
    expect(await admin.call("POST", f"{path}/approvals", body), 201)


async def test_all_say_yes(alice: AsgiClient, admin: AsgiClient, risk: AsgiClient, path: str) -> None:
    body = {"decision": "Approved", "reason": "Fit for use."}
    first = expect(await admin.call("POST", f"{path}/approvals", body), 201)
    assert (first["status"], first["waitingFor"], first["state"]) == ("partial", ["RISK"], "PENDING")
    job = {"model": {"identifier": path.split("/")[3], "version": "0.1.0"}, "input": {"type": "text", "sources": {}}}
    expect_error(await alice.call("POST", "/api/jobs", job), 409, "partial")

    last = expect(await risk.call("POST", f"{path}/approvals", {"decision": "approved"}), 201)
    assert (last["status"], last["waitingFor"], last["state"]) == ("active", [], "APPROVED")
    version = expect(await alice.call("GET", path))
    assert version["isActive"]
    assert [(entry["role"], entry["decision"], entry["reason"]) for entry in version["approval"]["decisions"]] == [
        ("ACCOUNT_ADMIN", "approved", "Fit for use."),
        ("RISK", "approved", ""),
    ]
    assert expect(await alice.call("PATCH", path, {"status": "active"}))["status"] == "active"


async def test_a_no(alice: AsgiClient, admin: AsgiClient, path: str) -> None:
    expect_error(await admin.call("POST", f"{path}/approvals", {"decision": "rejected"}), 400, "reason")
    answer = expect(await admin.call("POST", f"{path}/approvals", {"decision": "rejected", "reason": "No card."}), 201)
    assert (answer["state"], answer["waitingFor"], "askedAt" in answer) == ("REJECTED", [], False)

    assert expect(await alice.call("GET", path))["approval"]["decisions"][0]["reason"] == "No card."
    version = expect(await alice.call("PATCH", path, {"status": "active"}), 202)
    assert (version["approval"]["state"], version["approval"]["decisions"]) == ("PENDING", [])


async def test_what_waits_for_the_caller(
    alice: AsgiClient, app: FastAPI, admin: AsgiClient, risk: AsgiClient, path: str, platform: Platform
) -> None:
    for client in (admin, risk):
        (entry,) = expect(await client.call("GET", "/api/models/approvals"))
        assert (f"/api/models/{entry['modelId']}/versions/{entry['version']}", entry["mayDecide"]) == (path, True)
        assert (entry["name"], entry["createdBy"], entry["approval"]["state"]) == ("echo", CAST.alice.email, "PENDING")
        assert expect(await client.call("GET", f"{path}/approvals"))["mayDecide"]
    expect_error(await alice.call("GET", "/api/models/approvals"), 403)
    other = AsgiClient(app, await key_with(platform, [Role.ACCOUNT_ADMIN], SOUND))
    assert expect(await other.call("GET", "/api/models/approvals")) == []

    expect(await admin.call("POST", f"{path}/approvals", {"decision": "approved"}), 201)
    assert expect(await admin.call("GET", "/api/models/approvals?page=1&per-page=5")) == []
    assert len(expect(await risk.call("GET", "/api/models/approvals"))) == 1


async def test_a_private_model_is_seen_by_who_has_to_approve_it(
    alice: AsgiClient, app: FastAPI, risk: AsgiClient, path: str, platform: Platform
) -> None:
    model = path.rpartition("/versions/")[0]
    assert expect(await alice.call("GET", f"{model}/visibility"))["scope"] == "PRIVATE"
    mate = AsgiClient(app, await key_with(platform, [Role.DEVELOPER]))

    for address in (model, path, f"{path}/sample-input", f"{path}/container-image"):
        expect(await risk.call("GET", address))
        expect_error(await mate.call("GET", address), 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decision": None},
        {"decision": "maybe"},
        {"decision": True},
        {"decision": "approved", "reason": 5},
        {"decision": "approved", "reason": "x" * 2001},
        {"decision": "approved", "reason": "a\u0000b"},
    ],
)
async def test_decisions_that_make_no_sense(
    admin: AsgiClient, path: str, platform: Platform, body: dict[str, object]
) -> None:
    before = await snapshot(platform.database)
    message = expect_error(await admin.call("POST", f"{path}/approvals", body), 400)
    assert "decision" in message or "reason" in message
    assert await snapshot(platform.database) == before


async def test_who_may_not_decide(alice: AsgiClient, bob: AsgiClient, path: str, platform: Platform) -> None:
    for client in (alice, bob):
        expect_error(await client.call("POST", f"{path}/approvals", {"decision": "approved"}), 403)
    assert await rows(platform.database, "approvals") == 0
