"""Brings images into the platform over REST, as far as a benchmark needs."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.images import podman
from benchmarks.server_process import Server

INPUT, OUTPUT = "input.txt", "results.json"


def new_version(server: Server, name: str) -> tuple[str, str]:
    """Creates a model; its identifier, and the path of its first version."""
    model = str(server.call("POST", "/api/models", {"name": name, "version": "0.1.0"})["identifier"])
    return model, f"/api/models/{model}/versions/0.1.0"


def deploy(
    server: Server,
    image: str,
    name: str,
    *,
    engines: tuple[int, int] = (0, 1),
    largest_input: int = 1_000_000,
    largest_output: int = 0,
) -> tuple[str, str]:
    """Takes an image of this machine to an active version; model identifier and version path.

    Args:
        engines: fewest and most.
        largest_input: in bytes.
        largest_output: in bytes, of `large.bin`, which the program writes when it is asked for it; 0 for none.
    """
    model, path = describe(
        server, image, name, engines=engines, largest_input=largest_input, largest_output=largest_output
    )
    run_test(server, path, "load-process")
    with tempfile.NamedTemporaryFile(suffix=".txt") as sample:
        Path(sample.name).write_text("give 1" if largest_output else "a good day")
        server.upload(f"{path}/testInput?name={INPUT}", Path(sample.name))
    run_test(server, path, "run-process")
    server.call("PATCH", path, {"status": "active"})
    return model, path


def describe(
    server: Server,
    image: str,
    name: str,
    *,
    engines: tuple[int, int] = (0, 1),
    largest_input: int = 1_000_000,
    largest_output: int = 0,
) -> tuple[str, str]:
    """Takes an image to a version that can be tested."""
    model, path = new_version(server, name)
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        archive = Path(directory) / "image.tar"
        podman("save", "--quiet", "--output", str(archive), image)
        server.upload(f"{path}/container-image", archive)
    media = {"maximumSize": 1_000_000, "description": "Text."}
    outputs = [{"name": OUTPUT, "mediaType": "application/json", **media}]
    if largest_output:
        binary = {"mediaType": "application/octet-stream", "maximumSize": largest_output, "description": "Noise."}
        outputs.append({"name": "large.bin", **binary})
    server.call(
        "PATCH",
        path,
        {
            "requirement": {"requirementId": 1},
            "timeout": {"status": 20_000, "run": 60_000},
            "inputs": [{"name": INPUT, "acceptedMediaTypes": "text/plain", **media, "maximumSize": largest_input}],
            "outputs": outputs,
            "processing": {"minimumParallelCapacity": engines[0], "maximumParallelCapacity": engines[1]},
        },
    )
    server.until(f"{path}/container-image", is_complete)
    return model, path


def run_test(server: Server, path: str, kind: str) -> None:
    """One load test or run test, from the request to its end."""
    server.call("POST", f"{path}/{kind}")
    ended = server.until(f"{path}/{kind}", is_complete)
    if ended["result"]["status"] != "SUCCESSFUL":
        raise RuntimeError(f"{kind} failed: {ended}")


def submit(server: Server, model: str, items: int = 1) -> str:
    """Submits a job of short texts; its identifier."""
    sources = {f"{number:05}": {INPUT: "What a good day."} for number in range(items)}
    body = {"model": {"identifier": model, "version": "0.1.0"}, "input": {"type": "text", "sources": sources}}
    return str(server.call("POST", "/api/jobs", body)["jobIdentifier"])


def wait_for(server: Server, job: str, *, pause: float) -> None:
    """Waits until a job has ended well."""
    ended = server.until(f"/api/jobs/{job}", lambda state: bool(state["pending"] == 0), pause=pause)
    if ended["status"] != "COMPLETED" or ended["failed"]:
        raise RuntimeError(f"the job failed: {ended}")


def engines_ready(server: Server) -> int:
    """How many engines run, by the server's own count."""
    lines = bytes(server.call("GET", "/metrics")).decode().splitlines()
    return round(float(next(line.split()[1] for line in lines if line.startswith("modelyard_engines_ready "))))


@contextlib.contextmanager
def names_tidied(image: str) -> Iterator[None]:
    """Takes the names off again that the platform gave to an image meanwhile."""
    before = _names(image)
    try:
        yield
    finally:
        for name in _names(image) - before:
            with contextlib.suppress(subprocess.CalledProcessError):
                podman("untag", image, name)


def _names(image: str) -> set[str]:
    return set(podman("image", "inspect", image, "--format", "{{range .RepoTags}}{{.}} {{end}}").split())


def is_complete(state: Any) -> bool:
    """Whether an import or test has ended."""
    return bool(state["percentage"] == 100)
