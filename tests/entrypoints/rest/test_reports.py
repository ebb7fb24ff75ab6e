"""The report that tests of a version leave, as callers read it."""

from pathlib import Path
from typing import Any

import pytest

from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import Walk, archive, expect, expect_error, until
from tests.library import add_model


async def _measured(alice: AsgiClient, walk: Walk, directory: Path) -> str:
    """The path of a version whose measurement has ended."""
    path = f"/api/models/{await walk.deployed(archive(directory))}/versions/0.1.0"
    await until(alice, f"{path}/report", lambda report: report["state"] != "MEASURING")
    return path


async def test_before_the_first_test_there_is_none(alice: AsgiClient, walk: Walk) -> None:
    path = await walk.described()

    for query in ("", "?format=markdown"):
        expect_error(await alice.call("GET", f"{path}/report{query}"), 409, "No test", "POST load-process")


async def test_everything_that_was_measured(alice: AsgiClient, walk: Walk, tmp_path: Path) -> None:
    path = await _measured(alice, walk, tmp_path)
    report: dict[str, Any] = expect(await alice.call("GET", f"{path}/report"))

    assert (report["test"], report["percentage"]) == ({"kind": "run", "status": "SUCCESSFUL"}, 100)
    assert (report["isStale"], report["changedSince"]) == (False, [])
    assert {"createAndStartMs", "readyMs", "totalMs", "protocol", "batchSize"} == set(report["start"])
    assert {"peakMemoryBytes", "peakWorkingMemoryBytes", "cpuSeconds"} <= set(report["use"])
    assert report["image"]["sizeBytes"] > 0
    assert report["hardware"]["requirement"]["requirementId"] == 1
    assert [level["atOnce"] for level in report["load"]] == [1, 4, 16]
    assert {"latencyP50Ms", "latencyP95Ms", "latencyP99Ms", "itemsPerSecond", "errors"} <= set(report["load"][0])
    assert report["outputs"] == {"checked": True, "problems": []}
    suggestions = report["suggestions"]
    assert suggestions["requirement"]["preset"]["requirementId"] == 1
    assert suggestions["runTimeout"] == {"milliseconds": 5000, "reason": suggestions["runTimeout"]["reason"]}
    assert suggestions["engines"]["maximumParallelCapacity"] >= 1


async def test_the_steps_and_the_result_stay_as_clients_know_them(
    alice: AsgiClient, walk: Walk, tmp_path: Path
) -> None:
    path = await _measured(alice, walk, tmp_path)
    ended = expect(await alice.call("GET", f"{path}/run-process"))

    assert (ended["step"], ended["stepName"], ended["percentage"]) == (5, "Completed", 100)
    read_by_clients = {"status", "engine", "error", "startTime", "endTime", "updateTime", "inputSize", "elapsedTime"}
    assert read_by_clients | {"results.json"} <= set(ended["result"])
    assert set(ended["report"]) == {"state", "stepName", "percentage"}
    assert "report" not in expect(await alice.call("GET", f"{path}/load-process"))


async def test_for_people(alice: AsgiClient, walk: Walk, tmp_path: Path) -> None:
    path = await _measured(alice, walk, tmp_path)
    answer = await alice.call("GET", f"{path}/report?format=markdown")

    assert answer.headers["content-type"].startswith("text/markdown")
    text = answer.body.decode()
    for words in ("# Test report of echo 0.1.0", "The run test **passed**", "## Under load", "## Suggested"):
        assert words in text
    expect_error(await alice.call("GET", f"{path}/report?format=pdf"), 400, "format")


async def test_a_changed_contract_makes_it_stale(alice: AsgiClient, walk: Walk, tmp_path: Path) -> None:
    path = await _measured(alice, walk, tmp_path)
    expect(await alice.call("PATCH", path, {"status": "inactive"}))
    outputs = [{"name": "results.json", "mediaType": "application/json", "maximumSize": 5, "description": ""}]
    expect(await alice.call("PATCH", path, {"outputs": outputs}))

    report = expect(await alice.call("GET", f"{path}/report"))
    assert (report["isStale"], report["changedSince"]) == (True, ["the declared outputs"])
    assert "**Out of date:**" in (await alice.call("GET", f"{path}/report?format=markdown")).body.decode()


async def test_who_sees_it(alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, walk: Walk, tmp_path: Path) -> None:
    path = await _measured(alice, walk, tmp_path)
    model = path.rsplit("/versions", maxsplit=1)[0]

    expect_error(await bob.call("GET", f"{path}/report"), 404)
    expect(await alice.call("PATCH", f"{model}/visibility", {"scope": "TEAM"}))
    expect(await bob.call("GET", f"{path}/report"))
    expect_error(await charlie.call("GET", f"{path}/report"), 404)


@pytest.mark.parametrize("place", ["nothing0000/versions/0.1.0", "{model}/versions/9.9.9"])
async def test_what_is_not_there(alice: AsgiClient, walk: Walk, place: str) -> None:
    model_id = await add_model(walk.database, CAST.alice)

    expect_error(await alice.call("GET", f"/api/models/{place.format(model=model_id)}/report"), 404)
