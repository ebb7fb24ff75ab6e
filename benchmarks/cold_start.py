"""Cold start: a load test, and a job for a version without engines, against `podman run` to the first answer."""

import time
from collections.abc import Iterator

from benchmarks.deployment import deploy, describe, engines_ready, names_tidied, run_test, submit, wait_for
from benchmarks.images import model_image, podman
from benchmarks.plain_container import HttpCalls, plain_container
from benchmarks.server_process import Server, running_server
from benchmarks.turns import Comparison, Scale, by_turns

GOAL = "difference ≤ 200 ms"
_IDLE_SECONDS = "0.2"
_POLL_SECONDS = 0.01


def measure(scale: Scale) -> Iterator[Comparison]:
    """With the image in the runtime's store."""
    image = model_image("http-v1")
    with (
        names_tidied(image),
        running_server(MODELYARD_ENGINE_IDLE_SECONDS=_IDLE_SECONDS, MODELYARD_ENGINE_STANDBY="0") as server,
    ):
        _, tested = describe(server, image, "load test")
        ours, theirs = by_turns(
            scale.of(8), lambda: _load_test(server, tested), lambda: _plain_start(image, run=False), warm_up=True
        )
        yield Comparison("load test", "podman run until ready", ours, theirs)
        model, _ = deploy(server, image, "cold start")
        ours, theirs = by_turns(
            scale.of(8), lambda: _cold_job(server, model), lambda: _plain_start(image, run=True), warm_up=True
        )
        yield Comparison("job without an engine", "podman run and one call", ours, theirs, GOAL)
    with names_tidied(image), running_server(MODELYARD_ENGINE_IDLE_SECONDS=_IDLE_SECONDS) as server:
        model, _ = deploy(server, image, "standby")
        ours, theirs = by_turns(
            scale.of(8), lambda: _standby_job(server, model), lambda: _plain_start(image, run=True), warm_up=True
        )
        yield Comparison("job without an engine, one on standby", "podman run and one call", ours, theirs, GOAL)


def _load_test(server: Server, path: str) -> float:
    began = time.perf_counter()
    run_test(server, path, "load-process")
    return time.perf_counter() - began


def _cold_job(server: Server, model: str) -> float:
    while engines_ready(server) or _containers_of(server):
        time.sleep(0.1)
    began = time.perf_counter()
    wait_for(server, submit(server, model), pause=_POLL_SECONDS)
    return time.perf_counter() - began


def _standby_job(server: Server, model: str) -> float:
    """The first time there is none yet: that round warms up."""
    while engines_ready(server) or ("running" in _states_of(server)):
        time.sleep(0.1)
    began = time.perf_counter()
    wait_for(server, submit(server, model), pause=_POLL_SECONDS)
    return time.perf_counter() - began


def _plain_start(image: str, *, run: bool) -> float:
    began = time.perf_counter()
    with plain_container(image) as container:
        calls = HttpCalls(container)
        calls.wait_until_ready()
        if run:
            calls.run()
        seconds = time.perf_counter() - began
        calls.close()
    return seconds


def _states_of(server: Server) -> str:
    """Of its containers, such as `running` and `paused`."""
    return podman("ps", "--all", "--format", "{{.State}}", "--filter", _of_installation(server))


def _containers_of(server: Server) -> str:
    return podman("ps", "--all", "--quiet", "--filter", _of_installation(server))


def _of_installation(server: Server) -> str:
    return f"label=modelyard.installation={(server.data_dir / 'installation').read_text().strip()}"
