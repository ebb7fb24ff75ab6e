"""Jobs and results through `modzy-sdk` 0.11.6 as it is on PyPI."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.python_sdk.client import ClientRaised, PythonSdk
from tests.journeys.python_sdk.values import POLL, Deployed
from tests.journeys.server import KEY
from tests.servers import has_docker_registry

pytestmark = [
    pytest.mark.containers,
    pytest.mark.xdist_group("python-sdk"),
    pytest.mark.skipif(not has_docker_registry(), reason="docker-registry is not installed"),
]


def test_texts_become_results(sdk: PythonSdk, deployed: Deployed) -> None:
    texts = {"first": {"input": "one"}, "zwölf.txt 🎉": {"input": "zwölf"}}
    job = sdk.call_on(None, "jobs.submit_text", deployed.model_id, "1.0.0", texts)
    assert job.value["status"] == "SUBMITTED"
    assert job.value["jobInputs"] == {"identifier": list(texts)}

    ended = sdk.call("jobs.block_until_complete", job.value["jobIdentifier"], **POLL)
    assert (ended["status"], ended["completed"], ended["failed"]) == ("COMPLETED", 2, 0)
    results = sdk.call_on(None, "results.block_until_complete", job.value["jobIdentifier"], **POLL)
    assert results.value["finished"] is True
    for name, inputs in texts.items():
        outputs = sdk.call_on(results, "get_source_outputs", name).value
        assert outputs["status"] == "SUCCESSFUL"
        assert outputs["results.json"]["data"]["result"]["inputs"]["input"]["text"] == inputs["input"]


def test_a_single_text_is_called_job(sdk: PythonSdk, deployed: Deployed) -> None:
    model = sdk.call_on(None, "models.get", deployed.model_id)
    job = sdk.call("jobs.submit_text", model.value["modelId"], "1.0.0", {"input": "alone"})
    results = sdk.call_on(None, "results.block_until_complete", job["jobIdentifier"], **POLL)

    outputs = sdk.call_on(results, "get_first_outputs").value
    assert list(results.value["results"]) == ["job"]
    assert outputs["results.json"]["data"]["result"]["inputs"]["input"]["length"] == 5


def test_files_become_results_in_chunks(sdk: PythonSdk, deployed: Deployed, tmp_path: Path) -> None:
    large, small = tmp_path / "large.txt", tmp_path / "small.txt"
    large.write_bytes(b"a" * 2_500_000)  # three chunks as the client cuts them
    small.write_text("zwölf")
    files = {
        "from a file": {"input": str(large)},
        "in/a folder/zwölf 🎉.txt": {"input": str(small)},
        "from memory": {"input": b"b" * 1_048_577},
    }
    job = sdk.call("jobs.submit_file", deployed.model_id, "1.0.0", files)
    assert (job["status"], job["jobInputs"]) == ("SUBMITTED", {"identifier": list(files)})

    ended = sdk.call("jobs.block_until_complete", job["jobIdentifier"], **POLL)
    assert (ended["status"], ended["completed"], ended["failed"]) == ("COMPLETED", 3, 0)
    results = sdk.call_on(None, "results.block_until_complete", job["jobIdentifier"], **POLL)
    found = {name: sdk.call_on(results, "get_source_outputs", name).value for name in files}
    inputs = {name: outputs["results.json"]["data"]["result"]["inputs"]["input"] for name, outputs in found.items()}
    assert [entry["length"] for entry in inputs.values()] == [2_500_000, 6, 1_048_577]
    assert inputs["in/a folder/zwölf 🎉.txt"]["text"] == "zwölf"


def test_a_file_that_is_too_large_is_refused_and_its_job_canceled(sdk: PythonSdk, deployed: Deployed) -> None:
    with pytest.raises(ClientRaised, match="3000000 bytes") as raised:
        sdk.call("jobs.submit_file", deployed.model_id, "1.0.0", {"large": {"input": b"x" * 3_000_001}})

    assert raised.value.kind == "RequestEntityTooLargeError"
    newest = sdk.call("jobs.get_history", sort_by="createdAt", direction="DESC", per_page=1)[0]
    assert newest["status"] == "CANCELED"


def test_bytes_become_results(sdk: PythonSdk, deployed: Deployed) -> None:
    job = sdk.call("jobs.submit_embedded", deployed.model_id, "1.0.0", {"raw": {"input": bytes(range(256))}})
    results = sdk.call_on(None, "results.block_until_complete", job["jobIdentifier"], **POLL)

    outputs = sdk.call_on(results, "get_source_outputs", "raw").value
    assert outputs["results.json"]["data"]["result"]["inputs"]["input"]["length"] == 256


def test_a_broken_item_fails_alone(sdk: PythonSdk, deployed: Deployed) -> None:
    texts = {"good": {"input": "one"}, "long": {"input": "x" * 3_000_001}, "lost": {"other": "one"}}
    job = sdk.call("jobs.submit_text", deployed.model_id, "1.0.0", texts)
    results = sdk.call_on(None, "results.block_until_complete", job["jobIdentifier"], **POLL)

    assert (results.value["completed"], results.value["failed"]) == (1, 2)
    assert sdk.call_on(results, "get_source_outputs", "good").value["status"] == "SUCCESSFUL"
    for name, reason in {"long": "3000001 bytes", "lost": "'input' is missing"}.items():
        with pytest.raises(ClientRaised, match=reason) as raised:
            sdk.call_on(results, "get_source_outputs", name)
        assert raised.value.kind == "ResultsError"


def test_an_explanation_may_be_asked_for(sdk: PythonSdk, deployed: Deployed) -> None:
    job = sdk.call("jobs.submit_text", deployed.model_id, "1.0.0", {"input": "why"}, explain=True)
    results = sdk.call("results.block_until_complete", job["jobIdentifier"], **POLL)

    assert (job["explain"], results["explained"], results["completed"]) == (True, True, 1)


def test_a_job_is_cancelled(sdk: PythonSdk, deployed: Deployed) -> None:
    texts = {str(number): {"input": "slow"} for number in range(20)}
    job = sdk.call("jobs.submit_text", deployed.model_id, "1.1.0", texts)
    assert sdk.call("jobs.get", job["jobIdentifier"])["status"] in {"SUBMITTED", "IN_PROGRESS"}

    cancelled = sdk.call("jobs.cancel", job["jobIdentifier"])
    assert cancelled["status"] == "CANCELED"
    assert sdk.call("jobs.block_until_complete", job["jobIdentifier"], **POLL)["status"] == "CANCELED"
    results = sdk.call_on(None, "results.block_until_complete", job["jobIdentifier"], **POLL)
    assert results.seconds < 1
    with pytest.raises(ClientRaised, match="canceled") as raised:
        sdk.call_on(results, "get_source_outputs", "19")
    assert raised.value.kind == "ResultsError"


def test_history_finds_jobs(sdk: PythonSdk, deployed: Deployed) -> None:
    job = sdk.call("jobs.submit_text", deployed.model_id, "1.0.0", {"input": "for the history"})["jobIdentifier"]
    sdk.call("jobs.block_until_complete", job, **POLL)
    now = datetime.now(UTC).replace(tzinfo=None)

    def history(**wanted: Any) -> list[str]:
        return [entry["jobIdentifier"] for entry in sdk.call("jobs.get_history", **wanted)]

    today = {
        "start_date": (now - timedelta(hours=1)).isoformat(timespec="milliseconds"),
        "end_date": (now + timedelta(hours=1)).isoformat(timespec="milliseconds"),
    }
    filters: list[dict[str, Any]] = [
        {},
        today,
        {"status": "terminated"},
        {"status": "all", "model": "sdk ECHO"},
        {"access_key": KEY.partition(".")[0]},
        {"user": "admin", "sort_by": "createdAt", "direction": "desc", "page": 1, "per_page": 1},
    ]
    for wanted in filters:
        assert job in history(**wanted), wanted
    for wanted in ({"status": "pending"}, {"model": "no such model"}, {"access_key": "nobody"}, {"user": "nobody"}):
        assert job not in history(**wanted), wanted


@pytest.mark.parametrize("wanted", [{"end_date": "2026-01-02T03:04:05.678"}, {"start_date": "2999-01-01"}])
def test_history_refuses_times_that_make_no_sense(sdk: PythonSdk, wanted: dict[str, str]) -> None:
    with pytest.raises(ClientRaised, match="Date") as raised:
        sdk.call("jobs.get_history", **wanted)

    assert raised.value.kind == "BadRequestError"
