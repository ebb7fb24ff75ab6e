"""Outputs of hundreds of megabytes, through a real server and a real container; also when the server is killed."""

import hashlib
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.programs import ProgramRegistry, deploy, exchange_entries, wait_until
from tests.journeys.server import Server, finished_results, submit_texts

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("uploads")]
SIZE = 400_000_000
MOST_MEMORY = 100_000_000
LARGE = {
    "name": "large.bin",
    "mediaType": "application/octet-stream",
    "maximumSize": SIZE + 1,
    "description": "As large as asked for.",
}


@pytest.fixture
def own_server(new_server: Callable[..., Server], programs: ProgramRegistry) -> Server:
    """A server that the test may kill."""
    return new_server(MODELYARD_INSECURE_REGISTRIES=programs.address)


def deploy_giver(server: Server, programs: ProgramRegistry) -> str:
    model_id, _ = deploy(server, programs.giver(), outputs=[LARGE], timeout={"status": 20_000, "run": 60_000})
    return model_id


def memory(server: Server, name: str) -> int:
    """Bytes: `VmRSS` now, `VmHWM` at most since the peak was forgotten."""
    assert server.process is not None
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:"))) * 1024


def forget_peak(server: Server) -> None:
    assert server.process is not None
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


def downloaded(server: Server, job: str, item: str) -> dict[str, Any]:
    """Size and digest of what the server gives."""
    address = f"{server.url}/api/results/{job}/datasource/{item}/output/large.bin"
    request = urllib.request.Request(address, headers={"Authorization": f"ApiKey {server.key}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        digest, size = hashlib.sha256(), 0
        while piece := answer.read(1 << 20):
            digest.update(piece)
            size += len(piece)
        assert answer.headers["Content-Length"] == str(size)
    return {"size": size, "sha256": digest.hexdigest()}


def moved_away(server: Server) -> list[Path]:
    return list((server.data_dir / "engines").glob("*/outputs/*"))


def test_memory_stays_flat(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    model_id = deploy_giver(server, programs)
    idle = memory(server, "VmRSS")
    forget_peak(server)
    job = submit_texts(server, model_id, {"large": str(SIZE), "larger": str(SIZE + 2), "none": "0"})
    results = finished_results(server, job)

    assert "its version declares at most 400000001" in results["failures"]["larger"]["error"]
    assert results["failures"]["larger"]["errorSide"] == "model"
    described = results["results"]["large"]["results.json"]
    assert downloaded(server, job, "large") == {name: described[name] for name in ("size", "sha256")}
    assert memory(server, "VmHWM") - idle < MOST_MEMORY
    assert (moved_away(server), exchange_entries(server)) == ([], [])


def test_killed_while_an_output_is_stored(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    model_id = deploy_giver(server, programs)
    job = submit_texts(server, model_id, {"large": str(SIZE)})
    assert wait_until(lambda: moved_away(server), pause=0.001)
    server.kill()
    assert moved_away(server)
    server.start()

    described = finished_results(server, job)["results"]["large"]["results.json"]
    assert downloaded(server, job, "large") == {name: described[name] for name in ("size", "sha256")}
    assert (moved_away(server), exchange_entries(server)) == ([], [])
    stored = [path.stat().st_size for path in (server.data_dir / "files" / "outputs").rglob("*") if path.is_file()]
    assert stored.count(SIZE) >= 1
