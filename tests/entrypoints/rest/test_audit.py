"""The audit trail over REST: who sees what of it, pages, exports, and the rows of downloads and refusals."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.core.clock import SystemClock
from modelyard.domain.accounts.roles import Role
from modelyard.domain.audit.chain import digest
from modelyard.domain.audit.record import PLATFORM, record
from modelyard.domain.audit.refusals import MOST_OF_ONE_STRANGER
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.audit.verify import Sound, verify_trail
from tests.asgi import Answer, AsgiClient
from tests.cast import CAST
from tests.domain.audit.trails import events
from tests.domain.jobs.steps import claim, finish, submit
from tests.entrypoints.rest.callers import STRANGERS, key_with
from tests.entrypoints.rest.steps import Walk, expect, expect_error
from tests.library import set_scope
from tests.manual_clock import ManualClock


@pytest.fixture
async def auditor(app: FastAPI, platform: Platform) -> AsgiClient:
    """Sees all of the installation."""
    return AsgiClient(app, await key_with(platform, [Role.AUDITOR]))


@pytest.fixture
async def administrator(app: FastAPI, platform: Platform) -> AsgiClient:
    """Sees what happened in the account of Alice."""
    return AsgiClient(app, await key_with(platform, [Role.ACCOUNT_ADMIN]))


async def _tell(platform: Platform, subject: Any, action: str, target: str, **details: Any) -> None:
    async with platform.database.write() as session:
        record(session, SystemClock(), subject, action, target, **details)


async def _tell_of_many(platform: Platform, number: int = 7) -> None:
    async with platform.database.write() as session:
        for index in range(number):
            record(session, SystemClock(), CAST.alice, "model:changed", f"model/m{index}", before=index, after=None)


async def _list(client: AsgiClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = expect(await client.call("GET", f"/api/audit{query}"))
    return found


def _actions(rows: list[dict[str, Any]]) -> list[str]:
    return [row["action"] for row in rows]


async def test_an_event_shows_all_of_itself(platform: Platform, alice: AsgiClient, auditor: AsgiClient) -> None:
    created = expect(
        await alice.call(
            "POST", "/api/models", {"name": "echo", "version": "0.1.0"}, headers={"x-request-id": "request-12345"}
        ),
        201,
    )

    (row,) = await _list(auditor)
    (stored,) = await events(platform.database)
    assert row == {
        "identifier": 1,
        "createdAt": stored.at.isoformat(timespec="milliseconds"),
        "actor": "alice@example.org",
        "user": CAST.alice.user_id,
        "account": CAST.alice.account_id,
        "accessKey": CAST.alice.key_prefix,
        "team": CAST.alice.team_id,
        "address": "127.0.0.1",
        "requestId": "request-12345",
        "action": "model:created",
        "target": f"model/{created['identifier']}",
        "details": {"name": "echo", "version": "0.1.0"},
        "previousHash": "0" * 64,
        "hash": stored.hash,
    }


async def test_what_is_not_known_is_absent(platform: Platform, auditor: AsgiClient) -> None:
    await _tell(platform, PLATFORM, "audit:expired", "audit")

    (row,) = await _list(auditor)
    assert {"user", "account", "accessKey"} & set(row) == set()
    assert row["address"] == ""


async def test_an_administrator_sees_their_account_alone(
    platform: Platform, administrator: AsgiClient, auditor: AsgiClient, olga: AsgiClient
) -> None:
    for actor in (CAST.alice, CAST.charlie, PLATFORM):
        await _tell(platform, actor, "model:changed", "model/a")

    assert [row["actor"] for row in await _list(administrator)] == ["alice@example.org"]
    for everything in (auditor, olga):
        assert len(await _list(everything)) == 3
    theirs, ours = f"?account={CAST.charlie.account_id}", f"?account={CAST.alice.account_id}"
    assert await _list(administrator, theirs) == []
    assert [row["actor"] for row in await _list(auditor, theirs)] == ["charlie@example.org"]
    assert await _list(administrator, ours) == await _list(auditor, ours)
    assert await _list(administrator, f"?user={CAST.charlie.user_id}") == []


async def test_others_see_nothing(app: FastAPI, platform: Platform, alice: AsgiClient, anybody: AsgiClient) -> None:
    for path in ("/api/audit", "/api/audit/export"):
        expect_error(await anybody.call("GET", path), 401)
        expect_error(await alice.call("GET", path), 403, "audit:read")
        developer = AsgiClient(app, await key_with(platform, [Role.DEVELOPER], STRANGERS))
        expect_error(await developer.call("GET", path), 403, "audit:read")


async def test_filters(platform: Platform, auditor: AsgiClient) -> None:
    await _tell(platform, CAST.alice, "model:version:activated", "model/a/1.0.0")
    await _tell(platform, CAST.bob, "model:changed", "model/b")
    await _tell(platform, CAST.bob, "job:canceled", "job/c")
    for query, found in {
        "?actor=Bob@example.org": ["job:canceled", "model:changed"],
        "?actor=bob@example.org&action=job": ["job:canceled"],
        f"?user={CAST.bob.user_id}&target=model/": ["model:changed"],
        "?action=model": ["model:changed", "model:version:activated"],
        "?target=model/a": ["model:version:activated"],
        "?requestId=nothing": [],
        "?startDate=2020-01-01&endDate=2020-01-02": [],
        "?startDate=2020-01-01&action=job:canceled": ["job:canceled"],
        "?actor=undefined&action=&target=null": ["job:canceled", "model:changed", "model:version:activated"],
        "?action=%25": [],
        "?target=%F0%9F%8E%89": [],
    }.items():
        assert _actions(await _list(auditor, query)) == found, query


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("?per-page=many", "per-page"),
        ("?before=-1", "before"),
        ("?before=1e5", "before"),
        ("?before=" + "9" * 19, "before"),
        ("?before=%C2%B2", "before"),
        ("?startDate=yesterday", "startDate"),
        ("?endDate=32", "endDate"),
    ],
)
async def test_wrong_filters(auditor: AsgiClient, query: str, word: str) -> None:
    expect_error(await auditor.call("GET", f"/api/audit{query}"), 400, word)


async def test_pages_follow_one_another(platform: Platform, auditor: AsgiClient) -> None:
    await _tell_of_many(platform)
    path, seen = "/api/audit?per-page=3&action=model:", []
    for _ in range(3):
        answer = await auditor.call("GET", path)
        seen += [row["identifier"] for row in expect(answer)]
        link = answer.headers.get("link", "")
        path = link.partition("http://testserver")[2].partition(">")[0]
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert link == ""


async def test_a_page_has_bounds(platform: Platform, auditor: AsgiClient) -> None:
    await _tell_of_many(platform, 1001)

    assert len(await _list(auditor)) == 50
    assert len(await _list(auditor, "?per-page=0")) == 50
    assert len(await _list(auditor, "?per-page=999999")) == 1000


async def test_an_export_holds_everything_and_is_told_itself(platform: Platform, auditor: AsgiClient) -> None:
    await _tell_of_many(platform, 1500)
    answer = await auditor.call("GET", "/api/audit/export?action=model:")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-2')
    assert answer.headers["content-disposition"].endswith('.jsonl"')
    rows = [json.loads(line) for line in answer.body.decode().splitlines()]
    assert [row["identifier"] for row in rows] == list(range(1500, 0, -1))
    assert rows[:50] == await _list(auditor, "?action=model:")
    (told,) = await _list(auditor, "?action=audit:")
    assert (told["action"], told["target"]) == ("audit:exported", "audit")
    assert told["details"] == {"format": "jsonl", "filters": {"action": "model:"}}


async def test_an_export_can_be_verified_elsewhere(platform: Platform, auditor: AsgiClient) -> None:
    await _tell_of_many(platform)
    answer = await auditor.call("GET", "/api/audit/export")

    members = {"user": "user_id", "account": "account_id", "team": "team_id", "accessKey": "key_prefix"}
    members |= {"requestId": "request_id"}
    for line in answer.body.decode().splitlines():
        row = {members.get(name, name): value for name, value in json.loads(line).items()}
        absent: dict[str, Any] = dict.fromkeys(members.values())
        row |= {
            "id": row["identifier"],
            "at": datetime.fromisoformat(row["createdAt"]),
            "previous_hash": row["previousHash"],
        }
        assert digest(absent | row) == row["hash"]


async def test_cells_of_an_export_are_harmless(platform: Platform, auditor: AsgiClient) -> None:
    for start in ("=", "+", "-", "@", "\t", "\r", "\n"):
        await _tell(platform, CAST.alice, "model:changed", f"{start}cmd|' /C calc'!A0", name='a "quoted", text')
    answer = await auditor.call("GET", "/api/audit/export?format=CSV")

    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    assert len(rows) == 8
    assert [row["action"] for row in rows[1:]] == ["model:changed"] * 7
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values())
    assert json.loads(rows[-1]["details"]) == {"name": 'a "quoted", text'}
    assert rows[-1]["target"] == "'=cmd|' /C calc'!A0"


async def test_an_export_of_nothing(platform: Platform, administrator: AsgiClient, auditor: AsgiClient) -> None:
    theirs = f"/api/audit/export?format=csv&account={CAST.charlie.account_id}"
    answer = await administrator.call("GET", theirs)

    assert answer.body.decode().count("\n") == 1
    expect_error(await auditor.call("GET", "/api/audit/export?format=xlsx"), 400, "csv or jsonl")
    assert _actions(await _list(auditor)) == ["audit:exported"]


async def _finished_job(platform: Platform, walk: Walk) -> str:
    model_id = await walk.active()
    await set_scope(platform.database, model_id, "TEAM")
    receipt = await submit(platform.database, ManualClock(datetime.now(UTC)), model_id)
    claimed = await claim(platform.database, ManualClock(), most=2)
    assert claimed
    await finish(platform.database, ManualClock(), claimed)
    return receipt.job.id


async def _downloads(platform: Platform) -> list[AuditEvent]:
    return [row for row in await events(platform.database) if row.action == "results:downloaded"]


async def test_a_client_that_polls_leaves_one_row(
    platform: Platform, walk: Walk, alice: AsgiClient, bob: AsgiClient
) -> None:
    job_id = await _finished_job(platform, walk)
    for _ in range(5):
        expect(await alice.call("GET", f"/api/results/{job_id}"))
    expect(await bob.call("GET", f"/api/results/{job_id}"))

    rows = await _downloads(platform)
    assert [(row.actor, row.target, row.details) for row in rows] == [
        ("alice@example.org", f"job/{job_id}", {}),
        ("bob@example.org", f"job/{job_id}", {}),
    ]


async def test_items_and_outputs_are_told_apart(platform: Platform, walk: Walk, alice: AsgiClient) -> None:
    job_id = await _finished_job(platform, walk)
    for path in ("datasource/0", "datasource/1", "datasource/0/output/results.json", "0/results.json"):
        for _ in range(2):
            assert (await alice.call("GET", f"/api/results/{job_id}/{path}")).status == 200

    assert [row.details for row in await _downloads(platform)] == [
        {"item": "0"},
        {"item": "1"},
        {"item": "0", "output": "results.json"},
    ]


async def test_results_that_are_not_there_are_no_download(
    platform: Platform, walk: Walk, alice: AsgiClient, charlie: AsgiClient
) -> None:
    receipt = await submit(platform.database, ManualClock(datetime.now(UTC)), await walk.active())
    path = f"/api/results/{receipt.job.id}"
    expect(await alice.call("GET", path))
    expect_error(await alice.call("GET", f"{path}/datasource/0"), 404)
    expect_error(await alice.call("GET", f"{path}/0/results.json"), 404)
    expect_error(await charlie.call("GET", path), 404)

    assert await _downloads(platform) == []


async def _refusals(platform: Platform) -> list[AuditEvent]:
    return [row for row in await events(platform.database) if row.action == "access:refused"]


async def test_a_refusal_leaves_a_row(platform: Platform, anybody: AsgiClient, alice: AsgiClient) -> None:
    for _ in range(3):
        expect_error(await anybody.call("GET", "/api/models?secret=1", headers={"x-request-id": "request-12345"}), 401)
        expect_error(await alice.call("GET", "/api/audit"), 403)

    nobody, known = await _refusals(platform)
    assert (nobody.actor, nobody.account_id, nobody.user_id, nobody.key_prefix) == ("anonymous", None, None, None)
    assert (nobody.target, nobody.address, nobody.request_id) == ("address/127.0.0.1", "127.0.0.1", "request-12345")
    reason = nobody.details.pop("reason")
    assert "API key" in reason
    assert nobody.details == {"status": 401, "method": "GET", "path": "/api/models"}
    assert (known.actor, known.key_prefix) == ("alice@example.org", CAST.alice.key_prefix)
    assert known.details["status"] == 403


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("ApiKey stoppedprefix.and-a-secret", {"claimedKey": "stoppedprefix"}),
        ("ApiKey only-a-secret", {}),
        ("Bearer secrettoken", {}),
        ("Basic c2VjcmV0OnNlY3JldA==", {}),
        ("ApiKey .secret", {}),
    ],
)
async def test_a_refusal_tells_no_secret(
    platform: Platform, anybody: AsgiClient, header: str, told: dict[str, str]
) -> None:
    expect_error(await anybody.call("GET", "/api/models", headers={"authorization": header}), 401)

    (row,) = await _refusals(platform)
    assert {name: value for name, value in row.details.items() if name == "claimedKey"} == told
    assert "secret" not in json.dumps(row.details)


async def test_strangers_cannot_fill_the_trail(platform: Platform, anybody: AsgiClient) -> None:
    for number in range(30):
        header = {"authorization": f"ApiKey prefix{number}.body"}
        expect_error(await anybody.call("GET", f"/api/models/m{number:09}", headers=header), 401)

    assert len(await _refusals(platform)) == MOST_OF_ONE_STRANGER


async def test_one_refusal_hides_no_other(platform: Platform, alice: AsgiClient) -> None:
    for user in ("user-bob", "user-olga", "user-bob"):
        path = f"/api/accounting/accounts/{CAST.alice.account_id}/users/{user}"
        expect_error(await alice.call("POST", f"{path}/password-reset"), 403)

    assert [row.details["path"].split("/")[-2] for row in await _refusals(platform)] == ["user-bob", "user-olga"]


@pytest.mark.parametrize(
    "name", ["platform", "anonymous", "pl\u200batform", "olga@example.org\n", "\u202eno address", ""]
)
async def test_nobody_poses_as_the_platform(platform: Platform, anybody: AsgiClient, name: str) -> None:
    await anybody.call("POST", "/auth/sign-in", {"email": name, "password": "wrong"})

    rows = [row for row in await events(platform.database) if row.action == "session:refused"]
    assert rows or not name
    for row in rows:
        assert row.actor in {"unknown", "olga@example.org"}
        assert (row.actor == "unknown") == ("claimed" in row.details)
        assert row.details.get("claimed", "").isprintable()


async def test_everything_that_the_api_tells_is_sound(
    platform: Platform, walk: Walk, alice: AsgiClient, anybody: AsgiClient
) -> None:
    job_id = await _finished_job(platform, walk)
    answers: list[Answer] = [await alice.call("GET", f"/api/results/{job_id}"), await anybody.call("GET", "/api/jobs")]
    answers.append(await alice.call("POST", "/api/models", {"name": "x", "version": "0.1.0"}))

    assert [answer.status for answer in answers] == [200, 401, 201]
    verdict = await verify_trail(platform.database)
    assert isinstance(verdict, Sound)
    assert verdict.rows == len(await events(platform.database)) >= 4
