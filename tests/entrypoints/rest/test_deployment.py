"""From an image to results, through the API, on a machine without containers."""

import re
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import Platform
from modelyard.domain.engines import reconcile
from modelyard.domain.engines.health import HOPELESS_AFTER
from tests.asgi import AsgiClient
from tests.entrypoints.rest.steps import DESCRIPTION, Walk, archive, expect, expect_error, rows, until
from tests.machine import REFERENCE, Machine


def _job(model_id: str, **texts: str) -> dict[str, Any]:
    sources = {name: {"input.txt": text} for name, text in texts.items()}
    return {"model": {"identifier": model_id, "version": "0.1.0"}, "input": {"type": "text", "sources": sources}}


async def test_archive_becomes_results(alice: AsgiClient, walk: Walk, tmp_path: Path, platform: Platform) -> None:
    model_id = await walk.deployed(archive(tmp_path))
    receipt = expect(await alice.call("POST", "/api/jobs", _job(model_id, a="one", b="two")), 202)
    job = receipt["jobIdentifier"]
    results = await until(alice, f"/api/results/{job}", lambda results: results["finished"])

    assert receipt["status"] == "SUBMITTED"
    assert receipt["jobInputs"] == {"identifier": ["a", "b"]}
    assert (results["total"], results["completed"], results["failed"], results["failures"]) == (2, 2, 0, {})
    assert results["results"]["a"]["results.json"] == {"label": "good", "score": 0.5}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", results["results"]["a"]["endTime"])
    details = expect(await alice.call("GET", f"/api/jobs/{job}"))
    assert (details["status"], details["pending"]) == ("COMPLETED", 0)
    version = expect(await alice.call("GET", f"/api/models/{model_id}/versions/0.1.0"))
    assert (version["status"], version["loadStatus"]["result"]["error"]) == ("active", None)
    output = await alice.call("GET", f"/api/results/{job}/a/results.json")
    assert output.body == b'{"label":"good","score":0.5}'
    assert "sandbox" in output.headers["content-security-policy"]
    assert list(platform.uploads.iterdir()) == []


async def test_image_is_pulled_with_credentials(alice: AsgiClient, walk: Walk, machine: Machine) -> None:
    machine.publish(username="alice", password="hunter2")
    path = await walk.model()
    body = {"registry": {"url": REFERENCE, "username": "alice", "password": "hunter2"}}
    started = await alice.call("POST", f"{path}/container-image", body)
    ended = await until(alice, f"{path}/container-image", lambda state: state["percentage"] == 100)

    assert started.status == 201
    assert "hunter2" not in started.body.decode() + str(ended)
    assert (ended["uploadStatus"], ended["repositoryName"], ended["architecture"]) == ("COMPLETED", "echo", "amd64")


async def test_image_that_is_not_there_fails_with_its_reason(alice: AsgiClient, walk: Walk) -> None:
    path = await walk.model()
    body = {"registry": {"url": REFERENCE, "username": None, "password": None}}
    expect(await alice.call("POST", f"{path}/container-image", body), 201)
    for _ in range(1000):
        answer = await alice.call("GET", f"{path}/container-image")
        if answer.status != 200:
            break
    expect_error(answer, 422, "has no image")


async def test_failed_load_test_says_why(
    alice: AsgiClient, walk: Walk, machine: Machine, tmp_path: Path, platform: Platform
) -> None:
    machine.exit_code = 3
    path = await walk.model()
    expect(await alice.upload(f"{path}/container-image", archive(tmp_path)), 201)
    expect(await alice.call("PATCH", path, DESCRIPTION))
    expect(await alice.call("POST", f"{path}/load-process"))
    ended = await until(alice, f"{path}/load-process", lambda state: "result" in state)

    assert ended["result"]["status"] == "FAILED"
    assert "exit code 3" in ended["result"]["error"]
    assert "the program has started" in ended["result"]["technicalInformation"]
    assert await machine.runtime.list_containers("modelyard.installation", _installation(platform)) == []
    expect_error(await alice.call("PATCH", path, {"status": "active"}), 409, "step 7")


def _installation(platform: Platform) -> str:
    return (platform.data_dir / "installation").read_text()


@pytest.mark.parametrize("test", ["load-process", "run-process"])
async def test_tests_that_cannot_start(alice: AsgiClient, walk: Walk, test: str, platform: Platform) -> None:
    path = await walk.model()
    expect_error(await alice.call("POST", f"{path}/{test}"), 409)
    expect_error(await alice.call("GET", f"{path}/{test}"), 404, test)
    expect_error(await alice.call("GET", f"{path}/container-image"), 404, "POST container-image")
    assert await rows(platform.database, "version_tests") == 0


async def test_hopeless_engines_fail_the_job_with_the_reason(
    alice: AsgiClient, walk: Walk, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image of this version is gone from the runtime."""
    monkeypatch.setattr(reconcile, "FAILURES_WHILE_OTHERS_MAY_COME", HOPELESS_AFTER)  # which takes half a minute
    job = expect(await alice.call("POST", "/api/jobs", _job(await walk.active(), a="one")), 202)["jobIdentifier"]
    results = await until(alice, f"/api/results/{job}", lambda results: results["finished"])

    assert results["failed"] == 1
    assert "no engine could be started" in results["failures"]["a"]["error"]


async def test_cancelled_job_stays_cancelled(alice: AsgiClient, walk: Walk, machine: Machine, tmp_path: Path) -> None:
    model_id = await walk.deployed(archive(tmp_path))
    machine.program.run_seconds = 60
    job = expect(await alice.call("POST", "/api/jobs", _job(model_id, a="one")), 202)["jobIdentifier"]
    first = expect(await alice.call("DELETE", f"/api/jobs/{job}"), 202)
    again = expect(await alice.call("DELETE", f"/api/jobs/{job}"), 202)

    assert first["status"] == again["status"] == "CANCELED"
    results = expect(await alice.call("GET", f"/api/results/{job}"))
    assert (results["finished"], results["results"]) == (True, {})
    assert set(results["failures"]) == {"a"}


async def test_dead_engine_is_replaced(alice: AsgiClient, walk: Walk, machine: Machine, tmp_path: Path) -> None:
    model_id = await walk.deployed(archive(tmp_path))
    first = expect(await alice.call("POST", "/api/jobs", _job(model_id, a="one")), 202)["jobIdentifier"]
    await until(alice, f"/api/results/{first}", lambda results: results["finished"])
    (engine,) = machine.running
    engine.end(137, out_of_memory=True)
    second = expect(await alice.call("POST", "/api/jobs", _job(model_id, a="one")), 202)["jobIdentifier"]
    results = await until(alice, f"/api/results/{second}", lambda results: results["finished"])

    assert results["completed"] == 1
    assert engine not in machine.running
