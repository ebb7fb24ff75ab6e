"""Inputs that are uploaded in chunks, through a real server and a real container; also when the server is killed."""

import hashlib
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.house.tree import ROOT
from tests.journeys.programs import ProgramRegistry, deploy, exchange_entries, wait_until
from tests.journeys.server import Answer, Server, finished_results

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("uploads")]

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
CHUNK = 1_000_000
LARGEST = 20_000_000


@pytest.fixture
def own_server(new_server: Callable[..., Server], programs: ProgramRegistry) -> Server:
    """A server that the test may kill."""
    return new_server(MODELYARD_INSECURE_REGISTRIES=programs.address, MODELYARD_ENGINE_IDLE_SECONDS="2")


def noise(size: int) -> bytes:
    """The same bytes each time, which look like nothing."""
    return random.Random(size).randbytes(size)  # noqa: S311 - nothing to do with secrets


def open_job(server: Server, model_id: str) -> str:
    opened = server.call("POST", "/api/jobs", {"model": {"identifier": model_id, "version": "0.1.0"}})
    assert (opened.status, opened.json["status"]) == (202, "OPEN"), opened.body
    return str(opened.json["jobIdentifier"])


def append(server: Server, job: str, item: str, content: bytes, *, offset: int | None = None) -> Answer:
    head = b'--edge\r\nContent-Disposition: form-data; name="input"; filename="input"\r\n\r\n'
    query = "" if offset is None else f"?offset={offset}"
    return server.call(
        "POST",
        f"/api/jobs/{job}/{quote(item, safe='')}/input.txt{query}",
        data=head + content + b"\r\n--edge--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=edge"},
    )


def upload(server: Server, job: str, item: str, content: bytes) -> None:
    """Sends what is missing of an input."""
    start = size_of(server, job, item)
    for offset in range(start, len(content), CHUNK):
        answer = append(server, job, item, content[offset : offset + CHUNK], offset=offset)
        assert answer.status == 202, answer.body


def size_of(server: Server, job: str, item: str) -> int:
    return int(server.call("GET", f"/api/jobs/{job}/{quote(item, safe='')}/input.txt").json["size"])


def described(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def all_arrived(results: dict[str, Any], contents: dict[str, bytes]) -> None:
    assert results["failures"] == {}
    found = {name: outputs["results.json"]["data"]["result"] for name, outputs in results["results"].items()}
    assert found == {name: {"input.txt": described(content)} for name, content in contents.items()}


def stored_files(server: Server, job: str) -> list[Path]:
    return [path for path in (server.data_dir / "files" / "inputs" / job).rglob("*") if path.is_file()]


def test_killed_between_chunks_and_while_large_inputs_run(own_server: Server, programs: ProgramRegistry) -> None:
    server = own_server
    model_id, _ = deploy(server, programs.digester(), largest_input=LARGEST)
    job = open_job(server, model_id)
    contents = {"large": noise(12_345_678), "zwölf/🎉": noise(70_000), "tiny": b"x"}
    for offset in range(0, 5 * CHUNK, CHUNK):
        assert append(server, job, "large", contents["large"][offset : offset + CHUNK]).status == 202
    server.kill()
    server.start()

    assert size_of(server, job, "large") == 5 * CHUNK
    again = append(server, job, "large", contents["large"][4 * CHUNK : 5 * CHUNK], offset=4 * CHUNK)
    assert again.status == 202, again.body  # the answer to which was lost, for all that the sender knows
    assert append(server, job, "large", b"x", offset=7 * CHUNK).status == 409
    for item, content in contents.items():
        upload(server, job, item, content)
    closed = server.call("POST", f"/api/jobs/{job}/close")
    assert (closed.status, closed.json["status"], closed.json["totalInputs"]) == (202, "SUBMITTED", 3), closed.body
    wait_until(lambda: server.call("GET", f"/api/jobs/{job}").json["status"] != "SUBMITTED", pause=0.01)
    server.kill()
    server.start()

    all_arrived(finished_results(server, job), contents)
    assert exchange_entries(server) == []
    assert list(server.data_dir.glob("engines/*/spool/*")) == []
    assert append(server, job, "large", b"more").status == 409


def test_examples_of_the_guide(own_server: Server, programs: ProgramRegistry, tmp_path: Path) -> None:
    server = own_server
    model_id, _ = deploy(server, programs.digester(), largest_input=LARGEST)
    blocks = _BLOCK.findall((ROOT / "docs" / "guide" / "uploads.md").read_text(encoding="utf-8"))
    script = "\n".join(
        ["set -euo pipefail", f"KEY={server.key} MODEL={model_id} VERSION=0.1.0", *blocks, "echo $JOB > job"]
    )
    script = script.replace("http://127.0.0.1:8080", server.url)
    run = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    contents = {"notes/today.txt": b"What a good day.\n", "large.bin": (tmp_path / "large.bin").read_bytes()}
    all_arrived(finished_results(server, (tmp_path / "job").read_text().strip()), contents)


def test_abandoned_and_canceled_uploads_leave_no_bytes(
    new_server: Callable[..., Server], programs: ProgramRegistry
) -> None:
    seconds = 5
    server = new_server(MODELYARD_INSECURE_REGISTRIES=programs.address, MODELYARD_OPEN_JOB_HOURS=str(seconds / 3600))
    model_id, _ = deploy(server, programs.digester(), largest_input=LARGEST)
    abandoned, canceled = open_job(server, model_id), open_job(server, model_id)
    for job in (abandoned, canceled):
        assert append(server, job, "item", noise(200_000)).status == 202
        assert len(stored_files(server, job)) == 1
    assert server.call("DELETE", f"/api/jobs/{canceled}").status == 202

    ended = server.until(f"/api/jobs/{abandoned}", lambda job: job["status"] == "CANCELED", seconds=60)
    assert ended["total"] == 1
    assert wait_until(lambda: not stored_files(server, abandoned) and not stored_files(server, canceled), seconds=30)
    (failure,) = server.call("GET", f"/api/results/{abandoned}").json["failures"].values()
    assert "nothing was uploaded to it" in failure["error"]
    assert append(server, abandoned, "item", b"x").status == 409
