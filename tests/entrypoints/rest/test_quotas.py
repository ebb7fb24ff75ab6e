"""Quotas over the API: their shape, the refusal of a job, bad input."""

from typing import Any

import pytest

from modelyard.app import Platform
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import Walk, expect, expect_error, snapshot

QUOTAS = "/api/accounting/quotas"
ALICE = CAST.alice.user_id


def _job(model_id: str, number: int) -> dict[str, Any]:
    sources = {str(index): {"input.txt": "text"} for index in range(number)}
    return {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": sources},
    }


async def test_life_of_a_quota(olga: AsgiClient, alice: AsgiClient, walk: Walk) -> None:
    model_id = await walk.active()
    wanted = {"user": ALICE, "period": "yearly", "quota": 3, "from": "2026-01-01T00:00:00Z"}
    created = expect(await olga.call("POST", QUOTAS, wanted), 201)
    path = f"{QUOTAS}/{created['identifier']}"
    expect(await alice.call("POST", "/api/jobs", _job(model_id, 2)), 202)
    refused = await alice.call("POST", "/api/jobs", _job(model_id, 2))

    assert {name: value for name, value in created.items() if name not in {"identifier", "createdAt"}} == {
        "user": {"identifier": ALICE, "name": "alice@example.org"},
        "from": "2026-01-01T00:00:00.000+00:00",
        "period": "yearly",
        "quota": 3,
        "used": 0,
    }
    expect_error(refused, 429, "yearly quota of the user alice@example.org", "1 of them are left", "has 2", "renews")
    assert 0 < int(refused.headers["retry-after"]) <= 366 * 86_400
    assert expect(await alice.call("GET", path))["used"] == 2
    assert [entry["used"] for entry in expect(await olga.call("GET", QUOTAS))] == [2]
    expect_error(await olga.call("PATCH", path, {"quota": 1}), 409, "2")
    changed = expect(await olga.call("PATCH", path, {"quota": 5, "from": "", "to": "2030-01-01", "period": None}))
    assert (changed["quota"], changed.get("from"), changed["to"]) == (5, None, "2030-01-01T00:00:00.000+00:00")
    expect_error(await olga.call("PATCH", path, {"period": "daily"}), 400, "period")
    assert expect(await olga.call("DELETE", path)) == {}
    expect_error(await olga.call("GET", path), 404)
    expect(await alice.call("POST", "/api/jobs", _job(model_id, 50)), 202)


async def test_quota_without_a_period(olga: AsgiClient) -> None:
    created = expect(await olga.call("POST", QUOTAS, {"team": CAST.alice.team_id, "quota": 0}), 201)

    assert created["period"] is None
    assert created["team"] == {"identifier": CAST.alice.team_id, "name": "team-vision"}


async def test_pages_are_linked(olga: AsgiClient) -> None:
    for amount in range(3):
        expect(await olga.call("POST", QUOTAS, {"user": ALICE, "quota": amount}), 201)
    answer = await olga.call("GET", f"{QUOTAS}?page=1&per-page=2&sort-by=quota&user={ALICE}")

    assert [entry["quota"] for entry in expect(answer)] == [0, 1]
    assert 'rel="next"' in answer.headers["link"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"quota": None}, "quota"),
        ({"quota": -1}, "quota"),
        ({"quota": 10**16}, "quota"),
        ({"quota": 10**400}, "quota"),
        ({"quota": "many"}, "quota"),
        ({"quota": 1.5}, "quota"),
        ({"user": None}, "exactly one"),
        ({"team": "x"}, "exactly one"),
        ({"user": ["a"]}, "user"),
        ({"period": "sometimes"}, "period"),
        ({"period": "x" * 5000}, "period"),
        ({"period": "\0"}, "period"),
        ({"from": "soon"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "to"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to"),
        ({"to": 5}, "to"),
    ],
)
async def test_bad_input_stores_nothing(
    olga: AsgiClient, platform: Platform, changes: dict[str, Any], word: str
) -> None:
    created = expect(await olga.call("POST", QUOTAS, {"user": ALICE, "quota": 5}), 201)
    before = await snapshot(platform.database)
    expect_error(await olga.call("POST", QUOTAS, {"user": ALICE, "quota": 5} | changes), 400, word)
    if "user" not in changes and "team" not in changes and changes.get("quota", 0) is not None:
        expect_error(await olga.call("PATCH", f"{QUOTAS}/{created['identifier']}", changes), 400, word)

    assert await snapshot(platform.database) == before


async def test_whom_one_may_not_see_one_does_not_limit(charlie: AsgiClient, olga: AsgiClient) -> None:
    created = expect(await olga.call("POST", QUOTAS, {"user": ALICE, "quota": 5}), 201)
    expect_error(await olga.call("POST", QUOTAS, {"user": "nobody\0☃", "quota": 5}), 404, "nobody")
    expect_error(await charlie.call("GET", f"{QUOTAS}/{created['identifier']}"), 404)
    expect_error(await charlie.call("PATCH", f"{QUOTAS}/{created['identifier']}", {"quota": 9}), 403)
