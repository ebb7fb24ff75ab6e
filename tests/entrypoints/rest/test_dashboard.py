"""The dashboard's routes answer in the shapes that existing clients decode."""

from datetime import timedelta

import pytest

from modelyard.app import Platform
from modelyard.domain.monitoring.tables import MachineUse
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.domain.monitoring.past import add_job, add_model_with_jobs
from tests.entrypoints.rest.steps import expect, expect_error


async def test_totals_and_days(alice: AsgiClient, charlie: AsgiClient, platform: Platform) -> None:
    now = platform.clock.now()
    await add_model_with_jobs(platform.database, CAST.alice, now - timedelta(days=1), now - timedelta(days=8))

    data = expect(await alice.call("GET", "/api/metrics/data-processed"))
    made = expect(await alice.call("GET", "/api/metrics/predictions-made"))

    assert data["dataProcessed"] == {"recent": 1000, "previous": 1000, "percentage": 0.0}
    assert made["predictionsMade"] == {"recent": 3, "previous": 3, "percentage": 0.0}
    assert len(made["recent"]) == 7
    assert made["recent"][-2] == {"date": (now - timedelta(days=1)).date().isoformat(), "value": 3}
    assert {type(day["value"]) for day in made["recent"]} == {int}
    unseen = expect(await charlie.call("GET", "/api/metrics/predictions-made"))
    assert unseen["predictionsMade"] == {"recent": 0, "previous": 0, "percentage": 0.0}


async def test_filters_and_periods(alice: AsgiClient, platform: Platform) -> None:
    at = platform.clock.now() - timedelta(days=30)
    model_id = await add_model_with_jobs(platform.database, CAST.alice, at)
    day = at.date().isoformat()
    path = "/api/metrics/predictions-made"

    for query, recent in (
        (f"begin-date={day}&end-date={day}", 3),
        (f"begin-date={day}", 3),
        (f"end-date={day}&access-key={CAST.alice.key_prefix}&user-identifier={CAST.alice.user_id}", 3),
        (f"end-date={day}&model-identifier={model_id}&team-identifier={CAST.alice.team_id}", 3),
        (f"end-date={day}&model-identifier=another", 0),
        ("begin-date=undefined&end-date=&user-identifier=null", 0),
    ):
        assert expect(await alice.call("GET", f"{path}?{query}"))["predictionsMade"]["recent"] == recent, query
    one_day = expect(await alice.call("GET", f"{path}?begin-date={day}&end-date={day}T00:00:00.000%2B0000"))
    assert one_day["recent"] == [{"date": day, "value": 3}]


@pytest.mark.parametrize("query", ["begin-date=2026-02-30", "begin-date=2026-01-02&end-date=2026-01-01", "end-date=x"])
async def test_periods_that_make_no_sense(alice: AsgiClient, query: str) -> None:
    expect_error(await alice.call("GET", f"/api/metrics/active-users?{query}"), 400)


async def test_rankings(alice: AsgiClient, olga: AsgiClient, platform: Platform) -> None:
    now = platform.clock.now()
    model_id = await add_model_with_jobs(platform.database, CAST.alice, now)
    await add_model_with_jobs(platform.database, CAST.charlie, now, total_latency_ms=900)

    [alone] = expect(await alice.call("GET", "/api/metrics/active-users"))
    assert alone == {
        "ranking": 1,
        "userIdentifier": CAST.alice.user_id,
        "modelIdentifier": CAST.alice.user_id,
        "firstName": "Alice",
        "lastName": "Example",
        "email": "alice@example.org",
        "elapsedTime": 50,
        "jobs": 1,
    }
    ranked = expect(await olga.call("GET", "/api/metrics/active-users"))
    assert [(each["ranking"], each["firstName"]) for each in ranked] == [(1, "Charlie"), (2, "Alice")]
    expected = {"modelIdentifier": model_id, "name": "echo", "modelVersion": "0.1.0", "elapsedTime": 50, "jobs": 1}
    assert expect(await alice.call("GET", "/api/metrics/active-models")) == [{"ranking": 1, **expected}]


async def test_series(alice: AsgiClient, platform: Platform) -> None:
    empty = expect(await alice.call("GET", "/api/metrics/prometheus/cpu-used"))["data"]
    assert empty["resultType"] == "matrix"
    assert [series["values"] for series in empty["result"]] == [[]]
    columns = ("cpu_available", "cpu_requested", "cpu_used", "memory_available", "memory_requested", "memory_used")
    at = int(platform.clock.now().timestamp()) - 7200
    async with platform.database.write() as session:
        for time, used in ((at, 1000), (at + 6000, 500)):
            row = dict(zip(columns, (4000, 2000, used, 8_000_000_000, 2, 1), strict=True))
            session.add(MachineUse(at=time, node="one", **row))

    for metric, values in (
        ("cpu-used", ["1", "0.5"]),
        ("memory-available", ["8000000000", "8000000000"]),
        ("cpu-overall-usage", ["25", "12.5"]),
        ("cpu-current-usage", ["12.5"]),
    ):
        [series] = expect(await alice.call("GET", f"/api/metrics/prometheus/{metric}"))["data"]["result"]
        assert [value for _, value in series["values"]] == values
        assert {type(time) for time, _ in series["values"]} == {int}
    expect_error(await alice.call("GET", "/api/metrics/prometheus/odd"), 404, "cpu-used")


async def test_alerts(alice: AsgiClient, charlie: AsgiClient, platform: Platform) -> None:
    model_id = await add_model_with_jobs(platform.database, CAST.alice)
    job = await add_job(platform.database, CAST.alice, model_id, created_at=platform.clock.now() - timedelta(hours=1))

    counts = expect(await alice.call("GET", "/api/notifications/alerts"))
    assert counts[:2] == [{"type": "JOB_STUCK", "count": 1}, {"type": "MODEL_EXPIRATION", "count": 0}]
    assert expect(await alice.call("GET", "/api/notifications/alerts/JOB_STUCK")) == [job]
    assert expect(await charlie.call("GET", "/api/notifications/alerts/JOB_STUCK")) == []
    expect_error(await alice.call("GET", "/api/notifications/alerts/odd"), 404, "JOB_STUCK")
