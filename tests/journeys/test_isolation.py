"""What a model's container can see and do: its own files and its share of the machine, nothing else."""

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.adapters.runtimes.podman_process import podman_command
from tests.journeys.programs import (
    ProgramRegistry,
    deploy,
    exchange_entries,
    wait_until,
)
from tests.journeys.server import Server, containers_of, finished_results, submit_texts

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("model-server")]

PROCESSES = 512


@pytest.fixture(scope="module")
def probe(model_server: Server, programs: ProgramRegistry) -> Iterator[str]:
    """The model id of a version with two engines that report what they see."""
    processing = {"minimumParallelCapacity": 2, "maximumParallelCapacity": 2}
    model_id, path = deploy(model_server, programs.probe(), processing=processing, test_input=b"{}")
    assert wait_until(lambda: _engines_ready(model_server) >= 2)
    yield model_id
    assert model_server.call("PATCH", path, {"status": "inactive"}).status == 200


def look(server: Server, model_id: str, **wishes: Any) -> dict[str, Any]:
    """What one run reports."""
    [report] = look_many(server, model_id, wishes)
    return report


def look_many(server: Server, model_id: str, *wishes: dict[str, Any]) -> list[dict[str, Any]]:
    """What several runs report, and which engine each ran on."""
    texts = {str(number): json.dumps(wish) for number, wish in enumerate(wishes)}
    results = finished_results(server, submit_texts(server, model_id, texts))
    assert results["failures"] == {}, results["failures"]
    items = [results["results"][name] for name in texts]
    return [{**item["results.json"]["data"]["result"], "engine": item["engine"]} for item in items]


def test_no_way_out(model_server: Server, probe: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("", 0)) as open_to_all:
        host = _address_of_this_machine()
        addresses = [
            f"127.0.0.1:{listener.getsockname()[1]}",
            f"{host}:{open_to_all.getsockname()[1]}",
            model_server.url.removeprefix("http://"),
            "192.0.2.1:80",
            "10.88.0.1:80",
        ]

        report = look(model_server, probe, connect=addresses)

        assert report["interfaces"] == ["lo"]
        assert set(report["connect"]) == set(addresses)
        assert "connected" not in report["connect"].values()


def test_no_capabilities_and_no_new_privileges(model_server: Server, probe: str) -> None:
    status = look(model_server, probe)["status"]

    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"


def test_limits_of_the_preset_are_in_force(model_server: Server, probe: str) -> None:
    report = look(model_server, probe, processes=PROCESSES + 50)

    details = json.loads(_podman("inspect", containers_of(model_server)[0]))[0]["HostConfig"]
    assert details["Memory"] == 1_000_000_000
    assert details["MemorySwap"] == 1_000_000_000
    assert details["NanoCpus"] == 1_000_000_000
    assert details["PidsLimit"] == PROCESSES
    assert report["processes"] < PROCESSES
    memory = report["limits"]["memory"]
    assert memory is None or abs(int(memory) - 1_000_000_000) < 10_000


def test_one_processor_is_not_exceeded(model_server: Server, probe: str) -> None:
    assert look(model_server, probe, busy=True)["cpu_share"] < 1.5


def test_the_platform_stays_unseen(model_server: Server, probe: str) -> None:
    data = model_server.data_dir
    files = [str(data), str(data / "modelyard.db"), str(Path(__file__)), "/run/podman/podman.sock"]

    report = look(model_server, probe, read=files, write=["/proc/sys/kernel/hostname", "/sys/fs/cgroup/cgroup.procs"])

    assert set(report["read"].values()) == {False}
    assert set(report["write"].values()) == {False}
    assert "/exchange" in report["mounts"]
    assert not [mount for mount in report["mounts"] if str(data) in mount]
    assert not [name for name in report["environment"] if name.startswith("MODELYARD")]
    assert report["others"][0] == 1
    assert len(report["others"]) <= 2


def test_runs_and_engines_see_only_their_own_files(model_server: Server, probe: str) -> None:
    reports = look_many(model_server, probe, *[{"leave": f"note-{number}"} for number in range(8)])

    engines = {report["engine"] for report in reports}
    assert len(engines) == 2
    for engine in engines:
        own = {f"note-{number}" for number, report in enumerate(reports) if report["engine"] == engine}
        seen = {name for report in reports if report["engine"] == engine for name in report["exchange"]}
        notes = {name for name in seen if name.startswith("note-")}
        assert notes <= own
        of_engine = [report for report in reports if report["engine"] == engine]
        runs = {report["run"] for report in of_engine}
        for report in of_engine:
            folders = {name for name in report["exchange"] if name.startswith("run-")}
            assert report["run"] in folders
            assert folders <= runs
            assert len(folders) <= 2, "that of the run before may just be being removed"


def test_nothing_of_a_run_stays(model_server: Server, probe: str) -> None:
    look_many(model_server, probe, {}, {}, {})

    assert [path for path in exchange_entries(model_server) if path.name.startswith("run-")] == []


def test_log_is_bounded(model_server: Server, programs: ProgramRegistry) -> None:
    processing = {"minimumParallelCapacity": 1, "maximumParallelCapacity": 1}
    before = set(containers_of(model_server))
    model_id, path = deploy(model_server, programs.misbehaving("prints"), processing=processing)
    model_server.until("/api/resources/processing/engines", lambda all_of_them: _has_ready(all_of_them, model_id))
    # The container of the run test may go only after that.
    assert wait_until(lambda: len(set(containers_of(model_server)) - before) == 1)
    [container] = set(containers_of(model_server)) - before
    log = Path(json.loads(_podman("inspect", container))[0]["HostConfig"]["LogConfig"]["Path"])

    assert not wait_until(lambda: log.stat().st_size > 2_000_000, seconds=3)
    results = finished_results(model_server, submit_texts(model_server, model_id, {"one": "still alive"}))
    assert results["completed"] == 1
    assert model_server.call("PATCH", path, {"status": "inactive"}).status == 200


def _has_ready(versions: list[dict[str, Any]], model_id: str) -> bool:
    return any(each["identifier"] == model_id and each["ready"] for each in versions)


def _engines_ready(server: Server) -> int:
    metrics = server.call("GET", "/metrics").body.decode()
    [line] = [line for line in metrics.splitlines() if line.startswith("modelyard_engines_ready ")]
    return round(float(line.split()[1]))


def _address_of_this_machine() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _podman(*arguments: str) -> str:
    done = subprocess.run([*podman_command(), *arguments], check=True, capture_output=True, text=True)
    return done.stdout
