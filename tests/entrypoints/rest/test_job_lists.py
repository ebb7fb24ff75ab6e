"""Lists of jobs over HTTP: filters, orders, statistics, and cancelling all of a list."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from modelyard.app import Platform
from modelyard.domain.jobs.tables import Job
from tests.asgi import AsgiClient
from tests.entrypoints.rest.steps import Walk, expect, expect_error

HISTORY = "/api/jobs/history"


@pytest.fixture
async def jobs(walk: Walk) -> list[str]:
    """Three jobs of Alice's, of two models."""
    first, second = await walk.active(), await walk.active()
    return [await walk.submitted(model) for model in (first, first, second)]


async def _change(platform: Platform, job_id: str, **values: Any) -> None:
    async with platform.database.write() as session:
        await session.execute(update(Job).where(Job.id == job_id).values(**values))


async def _found(client: AsgiClient, query: str, path: str = HISTORY) -> set[str]:
    return {job["jobIdentifier"] for job in expect(await client.call("GET", f"{path}?{query}"))}


@pytest.mark.parametrize("path", [HISTORY, "/api/jobs"])
async def test_filters(alice: AsgiClient, platform: Platform, jobs: list[str], path: str) -> None:
    first, second, third = jobs
    await _change(platform, first, status="COMPLETED", failed=1, model_name="Other words")
    await _change(platform, second, status="CANCELED", version="0.2.0")
    model = expect(await alice.call("GET", f"/api/jobs/{third}"))["model"]["identifier"]
    for query, wanted in {
        "": {first, second, third},
        "status=all": {first, second, third},
        "status=Pending": {third},
        "status=TERMINATED": {first, second},
        "status=terminated_with_error": {first},
        "status=canceled": {second},
        "model=R%20WOR": {first},
        f"modelIdentifier={model}": {third},
        f"modelIdentifier={model[:5]}": set(),
        "modelVersion=0.2.0": {second},
        "user=ALICE": {first, second, third},
        "user=bob": set(),
        "accessKey=aliceP": {first, second, third},
        "accessKey=bobp": set(),
        "project=none-such": set(),
        f"search={third[:13].upper()}": {third},
        "search=other": {first},
        "search=alice@": {first, second, third},
        "search=%25": set(),
        "startDate=2020-01-01&endDate=2021-01-01": set(),
        "startDate=2020-01-01T00:00:00.000%2B0000": {first, second, third},
        "status=undefined&model=null": {first, second, third},
    }.items():
        assert await _found(alice, query, path) == wanted, query


async def test_end_of_a_window_is_about_the_end_of_jobs(alice: AsgiClient, platform: Platform, jobs: list[str]) -> None:
    first, second, third = jobs
    created = platform.clock.now()
    await _change(platform, first, status="COMPLETED", finished_at=created + timedelta(hours=1))
    await _change(platform, second, status="CANCELED", finished_at=created + timedelta(hours=3))
    for hours, wanted in {-1: set(), 0.5: {third}, 1: {first, third}, 2: {first, third}, 3: set(jobs)}.items():
        end = f"{created + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S.%fZ}"
        assert await _found(alice, f"startDate=2020-01-01&endDate={end}") == wanted, hours


@pytest.mark.parametrize("query", ["status=never", "endDate=2021-01-01", "startDate=2200-01-01", "startDate=soon"])
async def test_filters_that_make_no_sense(alice: AsgiClient, query: str) -> None:
    for method, path in (("GET", HISTORY), ("GET", "/api/jobs"), ("DELETE", "/api/jobs")):
        expect_error(await alice.call(method, f"{path}?{query}"), 400)


BY_CLIENTS = "identifier submittedBy submittedJobs status createdAt updatedAt submittedAt total completed fail model"


async def test_what_jobs_can_be_sorted_by(alice: AsgiClient, jobs: list[str]) -> None:
    for name in (*BY_CLIENTS.split(), "CREATEDAT", "undefined", BY_CLIENTS.replace(" ", ",")):
        assert len(expect(await alice.call("GET", f"{HISTORY}?sort-by={name}&direction=desc"))) == len(jobs)
    for path in (HISTORY, "/api/jobs"):
        for unknown in ("nonsense", "total,nonsense", "user.password_hash", "x" * 5000):
            message = expect_error(await alice.call("GET", f"{path}?sort-by={unknown}"), 400, "cannot be sorted by")
            assert "identifier, submittedBy" in message
            assert len(message) < 1000


async def test_orders_and_pages(alice: AsgiClient, bob: AsgiClient, platform: Platform, jobs: list[str]) -> None:
    await _change(platform, jobs[1], key_prefix="bobprefix", total=9)
    assert expect(await alice.call("GET", f"{HISTORY}?sort-by=submittedJobs"))[0]["jobIdentifier"] == jobs[1]
    assert expect(await alice.call("GET", f"{HISTORY}?sort-by=total&direction=desc"))[0]["jobIdentifier"] == jobs[1]
    page = await alice.call("GET", f"{HISTORY}?per-page=2&search=alice")
    assert len(expect(page)) == 2
    assert "page=2" in page.headers["link"]
    last = await alice.call("GET", f"{HISTORY}?per-page=2&page=2&search=alice")
    assert len(expect(last)) == 1
    assert "link" not in last.headers
    assert await _found(bob, "") == set()


async def test_a_job_by_its_address_in_the_history(alice: AsgiClient, charlie: AsgiClient, jobs: list[str]) -> None:
    plain = expect(await alice.call("GET", f"/api/jobs/{jobs[0]}"))
    listed = expect(await alice.call("GET", f"{HISTORY}/{jobs[0]}"))
    assert {**listed, "waitingFor": ""} == {**plain, "waitingFor": ""}
    assert "finishedAt" not in plain
    expect(await alice.call("DELETE", f"/api/jobs/{jobs[0]}"), 202)
    assert expect(await alice.call("GET", f"{HISTORY}/{jobs[0]}"))["finishedAt"]
    expect_error(await charlie.call("GET", f"{HISTORY}/{jobs[1]}"), 404)


async def test_all_of_a_list_are_canceled(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, jobs: list[str]
) -> None:
    for stranger in (bob, charlie):
        assert expect(await stranger.call("DELETE", "/api/jobs"), 202) == []
    canceled = expect(await alice.call("DELETE", f"/api/jobs?search={jobs[1]}"), 202)
    assert [(job["jobIdentifier"], job["status"]) for job in canceled] == [(jobs[1], "CANCELED")]
    canceled = expect(await alice.call("DELETE", "/api/jobs"), 202)
    assert [job["jobIdentifier"] for job in canceled] == [jobs[0], jobs[2]]
    assert set(canceled[0]) == {"jobIdentifier", "status", "model", "submittedAt"}


async def test_statistics_of_keys(alice: AsgiClient, bob: AsgiClient, jobs: list[str]) -> None:
    [mine] = expect(await alice.call("GET", "/api/jobs/statistics"))
    assert (mine["accessKey"], mine["jobsCount"], mine["modelsCount"]) == ("aliceprefix", 3, 2)
    assert [use["processedJobsCount"] for use in mine["modelsList"]] == [2, 1]
    assert set(mine["modelsList"][0]) == {"identifier", "name", "version", "processedJobsCount"}
    assert expect(await alice.call("GET", "/api/jobs/statistics/aliceprefix")) == mine
    assert expect(await bob.call("GET", "/api/jobs/statistics")) == []
    none = expect(await bob.call("GET", "/api/jobs/statistics/bobprefix"))
    assert (none["jobsCount"], none["modelsList"]) == (0, [])
    expect_error(await bob.call("GET", "/api/jobs/statistics/aliceprefix"), 404, "aliceprefix")
