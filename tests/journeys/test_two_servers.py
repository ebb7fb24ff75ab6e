"""Two servers and a worker share one PostgreSQL and one store of files; whoever dies, nothing is lost or done twice."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.programs import ProgramRegistry, deploy, slow_items, wait_until
from tests.journeys.server import Server, finished_results, submit_texts
from tests.postgres_cluster import Cluster

pytestmark = [pytest.mark.containers, pytest.mark.slow]
ITEMS = 400


@pytest.fixture
def settings(cluster: Cluster, programs: ProgramRegistry, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the processes of one installation have in common."""
    name = cluster.create()
    yield {
        "MODELYARD_DATABASE_URL": cluster.address(name),
        "MODELYARD_STORAGE_URL": f"file://{tmp_path}/files",
        "MODELYARD_SECRET_KEY": "a secret that both servers know, which is long enough",
        "MODELYARD_INSECURE_REGISTRIES": programs.address,
    }
    cluster.drop(name)


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server that is stopped afterwards, unless it is dead."""
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


@contextlib.contextmanager
def working(data_dir: Path, settings: dict[str, str]) -> Iterator[None]:
    """`modelyard work`."""
    environment = {**{name: value for name, value in os.environ.items() if "MODELYARD" not in name}, **settings}
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "modelyard", "work", "--data-dir", str(data_dir)]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        assert wait_until(lambda: b"modelyard works" in log.read_bytes())
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0, log.read_text()[-2000:]


def check_that_both_tell(first: Server, second: Server) -> None:
    """Either server says what both engines print, and what the machine has, whichever of them runs the engines."""
    processing = "/api/resources/processing"
    [listed] = second.call("GET", f"{processing}/models").json
    for engine in listed["engines"]:
        address = f"{processing}/engines/{engine['name']}/logs"
        answers = [server.call("GET", address) for server in (first, second)]
        assert [answer.status for answer in answers] == [200, 200], answers
        assert answers[0].body == answers[1].body != b""
    for server in (first, second):
        server.until(f"{processing}/nodes", lambda nodes: [node["engines"] for node in nodes] == [2], seconds=30)


def test_one_of_two_is_killed(settings: dict[str, str], programs: ProgramRegistry, tmp_path: Path) -> None:
    first, second = Server(tmp_path / "one", settings=settings), Server(tmp_path / "two", settings=settings)
    with running(first), running(second):
        model_id, path = deploy(
            first, programs.misbehaving(), processing={"minimumParallelCapacity": 2, "maximumParallelCapacity": 2}
        )
        assert second.call("GET", path).json["model"]["modelId"] == model_id
        ready = wait_until(lambda: second.call("GET", "/api/resources/processing/engines").json[0]["ready"] == 2)
        assert ready
        check_that_both_tell(first, second)
        job = submit_texts(second, model_id, {**slow_items(ITEMS, 20), "large": "x" * 90_000})
        assert wait_until(lambda: second.call("GET", f"/api/jobs/{job}").json["completed"] >= 40)
        first.kill()
        results = finished_results(second, job)

        assert results["failures"] == {}
        assert len(results["results"]) == results["total"] == ITEMS + 1
        [engines] = second.call("GET", "/api/resources/processing/engines").json
        assert engines["ready"] <= 2


def test_work_apart(settings: dict[str, str], programs: ProgramRegistry, tmp_path: Path) -> None:
    with running(Server(tmp_path / "one", settings=settings)) as server, working(tmp_path / "two", settings):
        model_id, _ = deploy(server, programs.misbehaving())
        assert len(server.call("GET", "/api/models").json) == 1
        results = finished_results(server, submit_texts(server, model_id, slow_items(40, 20)))

    assert results["failures"] == {}
    assert len(results["results"]) == 40
