"""Model programs for journeys: their images in a local registry, and versions made from them."""

import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from modelyard.adapters.runtimes.podman_process import podman_command
from tests.containers import build_image
from tests.journeys.server import Server, containers_of

MODELS = Path(__file__).parents[1] / "models"


@dataclass
class ProgramRegistry:
    """A registry on this machine, and the images that were pushed to it."""

    address: str
    _pushed: dict[str, str] = field(default_factory=dict)

    def misbehaving(self, mode: str = "echo") -> str:
        """The reference of an image with the misbehaving program in a mode."""
        program = (MODELS / "misbehaving.py").read_bytes()
        return self.push(
            f"misbehaving-{mode}",
            build_image("misbehaving", {"/app/model.py": program}, ["python3", "-u", "/app/model.py", mode]),
        )

    def probe(self) -> str:
        """The reference of an image with the program that reports what it sees."""
        program = (MODELS / "probe.py").read_bytes()
        image = build_image("probe", {"/app/model.py": program}, ["python3", "-u", "/app/model.py"])
        return self.push("probe", image)

    def digester(self) -> str:
        """The reference of an image with the program that tells size and digest of its inputs."""
        program = (MODELS / "digester.py").read_bytes()
        image = build_image("digester", {"/app/model.py": program}, ["python3", "-u", "/app/model.py"])
        return self.push("digester", image)

    def giver(self) -> str:
        """The reference of an image with the program that gives as many bytes as it is asked for."""
        program = (MODELS / "giver.py").read_bytes()
        image = build_image("giver", {"/app/model.py": program}, ["python3", "-u", "/app/model.py"])
        return self.push("giver", image)

    def push(self, name: str, image: str) -> str:
        """Pushes a local image once and returns its reference."""
        if name not in self._pushed:
            reference = f"{self.address}/journeys/{name}:1"
            command = [*podman_command(), "push", "--quiet", "--tls-verify=false", image, reference]
            subprocess.run(command, check=True, capture_output=True)
            self._pushed[name] = reference
        return self._pushed[name]


def begin_version(
    server: Server,
    reference: str,
    *,
    model_id: str = "",
    version: str = "0.1.0",
    timeout: dict[str, int] | None = None,
    processing: dict[str, int] | None = None,
    largest_input: int = 100_000,
    outputs: list[dict[str, Any]] | None = None,
) -> tuple[str, str]:
    """Creates and describes a version whose image is pulled meanwhile; returns model id and version path."""
    if model_id:
        assert server.call("POST", f"/api/models/{model_id}/versions", {"version": version}).status == 201
    else:
        created = server.call("POST", "/api/models", {"name": "journey", "version": version})
        assert created.status == 201, created.body
        model_id = cast(str, created.json["identifier"])
    path = f"/api/models/{model_id}/versions/{version}"
    pulled = server.call("POST", f"{path}/container-image", {"registry": {"url": reference}})
    assert pulled.status == 201, pulled.body
    declared = {
        "name": "input.txt",
        "acceptedMediaTypes": "text/plain",
        "maximumSize": largest_input,
        "description": "Text.",
    }
    results = {
        "name": "results.json",
        "mediaType": "application/json",
        "maximumSize": 1_000_000,
        "description": "What was found.",
    }
    description = {
        "requirement": {"requirementId": 1},
        "timeout": timeout or {"status": 20_000, "run": 10_000},
        "inputs": [declared],
        "outputs": [results, *(outputs or [])],
        "processing": processing or {"minimumParallelCapacity": 0, "maximumParallelCapacity": 1},
    }
    changed = server.call("PATCH", path, description)
    assert changed.status == 200, changed.body
    return model_id, path


def begin_load_test(server: Server, path: str) -> None:
    """Starts the load test; it waits for the image."""
    answer = server.call("POST", f"{path}/load-process")
    assert answer.status == 200, answer.body


def begin_run_test(server: Server, path: str, test_input: bytes = b"a good day") -> None:
    """Gives the test file and starts the run test; it waits for the load test."""
    sent = server.upload(f"{path}/testInput?name=input.txt", "input.txt", test_input)
    assert sent.status == 201, sent.body
    answer = server.call("POST", f"{path}/run-process")
    assert answer.status == 200, answer.body


def result_of(server: Server, path: str, kind: str, *, seconds: float = 60) -> dict[str, Any]:
    """The result of the load or run test once it has ended."""
    ended = server.until(f"{path}/{kind}-process", lambda state: "result" in state, seconds=seconds)
    return cast(dict[str, Any], ended["result"])


def deploy(server: Server, reference: str, *, test_input: bytes = b"a good day", **options: Any) -> tuple[str, str]:
    """Takes an image to an active version; returns model id and version path."""
    model_id, path = begin_version(server, reference, **options)
    server.until(f"{path}/container-image", lambda state: state["percentage"] == 100)
    begin_load_test(server, path)
    loaded = result_of(server, path, "load")
    assert loaded["status"] == "SUCCESSFUL", loaded
    begin_run_test(server, path, test_input)
    ran = result_of(server, path, "run")
    assert ran["status"] == "SUCCESSFUL", ran
    activate(server, path)
    return model_id, path


def activate(server: Server, path: str) -> None:
    """Makes a tested version active."""
    answer = server.call("PATCH", path, {"status": "active"})
    assert answer.status == 200, answer.body


def no_container_stays(server: Server, *, seconds: float = 20) -> bool:
    """Waits until the server has no container any more."""
    return wait_until(lambda: not containers_of(server), seconds=seconds)


def wait_until(is_so: Any, *, seconds: float = 20, pause: float = 0.1) -> bool:
    """Waits until something is so; False when that never happens."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def exchange_entries(server: Server) -> Iterable[Path]:
    """What lies in the exchange directories of the server's engines at this moment."""
    return list((server.data_dir / "engines").glob("*/exchange/*"))


def slow_items(count: int, milliseconds: int) -> dict[str, str]:
    """Texts whose runs take so long."""
    return {f"item {number}": f"{number} please:sleeps-{milliseconds}" for number in range(count)}
