"""A real container is measured: the numbers are there, and they can be true."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.containers import build_image
from tests.journeys.server import Server, deploy_archive, finished_results, submit_texts

pytestmark = pytest.mark.containers


def test_a_container_is_measured_after_its_run_test(new_server: Callable[..., Server]) -> None:
    server = new_server(MODELYARD_TEST_REPORT_SECONDS="30")
    program = (Path(__file__).parents[1] / "models" / "misbehaving.py").read_bytes()
    image = build_image("echo", {"/app/model.py": program}, ["python3", "-u", "/app/model.py", "echo"])
    model_id, path = deploy_archive(server, image, name="measured")  # is activated while it is measured
    assert server.call("GET", f"{path}/run-process").json["report"]["state"] in {"MEASURING", "COMPLETED"}
    report: dict[str, Any] = server.until(f"{path}/report", lambda report: report["state"] != "MEASURING", seconds=30)

    assert (report["state"], report["isStale"]) == ("COMPLETED", False), report
    start, use, image_facts = report["start"], report["use"], report["image"]
    assert start["protocol"] == "http-v1"
    assert start["createAndStartMs"] > 0
    assert start["readyMs"] > 0
    assert 1_000_000 < use["peakMemoryBytes"] < 1_000_000_000
    assert use["cpuSeconds"] > 0
    assert image_facts["sizeBytes"] >= image_facts["biggestLayers"][0]["sizeBytes"] > 1_000_000
    assert [level["mode"] for level in report["load"]] == ["ONE_BY_ONE"] * 3
    for level in report["load"]:
        assert level["errors"] == 0
        assert 0 < level["latencyP50Ms"] <= level["latencyP95Ms"] <= level["latencyP99Ms"]
    assert report["outputs"]["checked"]
    assert report["suggestions"]["requirement"]["preset"]["requirementId"] == 1
    results = finished_results(server, submit_texts(server, model_id, {"one": "text"}))
    assert (results["completed"], results["failed"]) == (1, 0)
    markdown = server.call("GET", f"{path}/report?format=markdown")
    assert b"## Under load" in markdown.body
