"""Servers that are killed or asked to end while they work: what was under way is finished, once, after a restart."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from modelyard.adapters.runtimes.podman_process import podman_command
from tests.containers import build_image
from tests.journeys.programs import (
    MODELS,
    ProgramRegistry,
    begin_load_test,
    begin_run_test,
    begin_version,
    deploy,
    exchange_entries,
    no_container_stays,
    result_of,
    slow_items,
    wait_until,
)
from tests.journeys.server import Server, containers_of, finished_results, save_image, submit_texts

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("recovery")]

StartServer = Callable[..., Server]
MOST_SECONDS_TO_DRAIN = 10
TWO = {"minimumParallelCapacity": 0, "maximumParallelCapacity": 2}


@pytest.fixture
def own_server(new_server: StartServer, programs: ProgramRegistry) -> Server:
    """A server that the test may kill."""
    return new_server(MODELYARD_INSECURE_REGISTRIES=programs.address, MODELYARD_ENGINE_IDLE_SECONDS="2")


def completed(server: Server, job: str) -> int:
    """How many items have a result so far."""
    return int(server.call("GET", f"/api/jobs/{job}").json["completed"])


def every_item_has_one_result(results: dict[str, Any], texts: dict[str, str]) -> None:
    """Fails unless every item has the result of its own input, and the counts agree."""
    assert results["failures"] == {}
    assert (results["total"], results["completed"], results["failed"]) == (len(texts), len(texts), 0)
    assert list(results["results"]) == list(texts)
    for name, text in texts.items():
        inputs = results["results"][name]["results.json"]["data"]["result"]["inputs"]
        assert inputs["input.txt"]["text"] == text


def test_killed_during_each_step_of_a_deployment(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    reference = programs.misbehaving()
    _, path = begin_version(server, reference)
    archive = save_image(build_image(*_recipe_of("starts-slowly")))
    assert server.upload(f"{path}/container-image", "image.tar", archive).status == 201
    server.kill()
    server.start()
    imported = server.until(f"{path}/container-image", lambda state: state["percentage"] == 100)
    assert imported["architecture"]
    assert wait_until(lambda: not list((server.data_dir / "uploads").iterdir()))

    begin_load_test(server, path)
    assert wait_until(lambda: containers_of(server))
    server.kill()
    server.start()
    assert result_of(server, path, "load")["status"] == "SUCCESSFUL"

    begin_run_test(server, path, b"please:sleeps-2500")
    server.until(f"{path}/run-process", lambda state: state["stepName"] == "Submitting inputs")
    server.kill()
    server.start()
    ran = result_of(server, path, "run")
    assert ran["status"] == "SUCCESSFUL"
    assert ran["results.json"]["data"]["result"]["inputs"]["input.txt"]["text"] == "please:sleeps-2500"
    assert no_container_stays(server)
    assert exchange_entries(server) == []


def test_killed_twice_during_a_job(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    model_id, _ = deploy(server, programs.misbehaving(), processing=TWO)
    texts = slow_items(200, 30)
    job = submit_texts(server, model_id, texts)
    for done in (20, 90):
        assert wait_until(lambda at_least=done: completed(server, job) >= at_least, pause=0.02)
        before = set(containers_of(server))
        server.kill()
        assert set(containers_of(server)) == before
        server.start()
        assert before & set(containers_of(server)), "no engine was adopted"
        assert len(containers_of(server)) <= 2

    every_item_has_one_result(finished_results(server, job), texts)

    assert server.call("GET", f"/api/jobs/{job}").json["status"] == "COMPLETED"
    assert exchange_entries(server) == []
    assert no_container_stays(server)


def test_asked_to_end_during_a_job(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    model_id, _ = deploy(server, programs.misbehaving(), processing=TWO, timeout={"status": 20_000, "run": 30_000})
    texts = slow_items(40, 250)
    job = submit_texts(server, model_id, texts)
    assert wait_until(lambda: completed(server, job) >= 4)

    process = server.process
    assert process is not None
    again = threading.Timer(0.3, process.send_signal, [signal.SIGTERM])
    again.start()
    seconds = server.stop()
    again.join()

    assert seconds < MOST_SECONDS_TO_DRAIN
    assert containers_of(server) == []
    server.start()
    every_item_has_one_result(finished_results(server, job), texts)

    endless = submit_texts(server, model_id, {"long": "please:sleeps-25000", "short": "hello"})
    assert wait_until(lambda: completed(server, endless) >= 1)
    assert server.stop() < MOST_SECONDS_TO_DRAIN
    assert containers_of(server) == []
    server.start()
    assert wait_until(lambda: containers_of(server))
    assert server.call("DELETE", f"/api/jobs/{endless}").status == 202
    results = finished_results(server, endless)
    assert server.call("GET", f"/api/jobs/{endless}").json["status"] == "CANCELED"
    assert set(results["results"]) == {"short"}
    assert "canceled" in results["failures"]["long"]["error"]


def test_killed_engine_is_replaced(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    model_id, _ = deploy(server, programs.misbehaving(), processing=TWO)
    texts = slow_items(60, 60)
    job = submit_texts(server, model_id, texts)
    assert wait_until(lambda: completed(server, job) >= 10)
    [victim, *_] = containers_of(server)

    _podman("kill", victim)

    every_item_has_one_result(finished_results(server, job), texts)
    assert victim not in containers_of(server)


def test_engines_follow_the_demand(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    model_id, path = deploy(server, programs.misbehaving(), processing=TWO)
    assert no_container_stays(server)
    texts = slow_items(60, 50)
    job = submit_texts(server, model_id, texts)
    seen: set[str] = set()
    while not server.call("GET", f"/api/results/{job}").json["finished"]:
        now = containers_of(server)
        assert len(now) <= 2
        seen.update(now)
    every_item_has_one_result(finished_results(server, job), texts)
    assert len(seen) == 2

    first, second = (finished_results(server, submit_texts(server, model_id, {"one": "x"})) for _ in range(2))
    assert first["results"]["one"]["engine"] == second["results"]["one"]["engine"], "an idle engine stopped too soon"
    assert no_container_stays(server)

    warm = {"minimumParallelCapacity": 1, "maximumParallelCapacity": 2}
    assert server.call("PATCH", path, {"processing": warm}).status == 200
    assert wait_until(lambda: len(containers_of(server)) == 1)
    [kept] = containers_of(server)
    finished_results(server, submit_texts(server, model_id, slow_items(20, 100)))
    assert wait_until(lambda: len(containers_of(server)) == 1)
    time.sleep(3)
    assert len(containers_of(server)) == 1
    assert server.call("PATCH", path, {"status": "inactive"}).status == 200
    assert no_container_stays(server)
    assert kept


def test_jobs_that_cannot_finish_say_why(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    unique = build_image(*_recipe_of("echo"), labels={"org.example.run": server.data_dir.parent.name})
    model_id, _ = deploy(server, programs.push(f"vanishing-{time.time_ns()}", unique))
    assert no_container_stays(server)

    overdue = submit_texts(server, model_id, slow_items(20, 400), timeout=2500)
    results = finished_results(server, overdue)
    assert server.call("GET", f"/api/jobs/{overdue}").json["status"] == "TIMEDOUT"
    assert results["failures"]
    assert all("timeout passed" in item["error"] for item in results["failures"].values())
    assert len(results["results"]) + len(results["failures"]) == 20
    assert no_container_stays(server)

    spoilt = submit_texts(server, model_id, {"gone": "x" * 80_000, "there": "hello"})
    [stored] = [path for path in (server.data_dir / "files").rglob(f"*{spoilt}/*") if path.is_file()]
    stored.unlink()
    results = finished_results(server, spoilt)
    assert set(results["results"]) == {"there"}
    assert results["failures"]["gone"]["error"]
    assert no_container_stays(server)

    _podman("rmi", "--force", _podman("image", "inspect", "--format", "{{.Id}}", unique).strip())
    fetched_again = finished_results(server, submit_texts(server, model_id, {"one": "hello", "two": "hello"}))
    assert set(fetched_again["results"]) == {"one", "two"}
    assert server.call("GET", "/readyz").status == 200


def _recipe_of(mode: str) -> tuple[str, dict[str, str | bytes], list[str]]:
    program = (MODELS / "misbehaving.py").read_bytes()
    return "misbehaving", {"/app/model.py": program}, ["python3", "-u", "/app/model.py", mode]


def _podman(*arguments: str) -> str:
    return subprocess.run([*podman_command(), *arguments], check=True, capture_output=True, text=True).stdout


def test_a_check_of_the_machine_leaves_the_server_its_containers(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    model, _ = deploy(server, programs.misbehaving())

    command = [sys.executable, "-m", "modelyard", "doctor", "--data-dir", str(server.data_dir)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert checked.returncode == 0, checked.stdout
    assert "RUNTIME-02" in checked.stdout
    texts = {"one": "after the check"}
    every_item_has_one_result(finished_results(server, submit_texts(server, model, texts)), texts)
