"""Start-up and idle memory of the server against a bare web application, and of the command line."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.plain_container import free_port
from benchmarks.processes import resident_mib, with_descendants
from benchmarks.server_process import start_server, stop, wait_until_answering
from benchmarks.turns import Comparison, Scale, by_turns

_BARE = """
import sys, fastapi, uvicorn
app = fastapi.FastAPI()
app.get("/healthz")(lambda: {"status": "ok"})
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", http="httptools", loop="uvloop")
"""
_BARE_NAME = "bare FastAPI"
_SECONDS_UNTIL_IDLE = 5


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds until the first answers, and the memory of all processes in MiB."""

    healthy: float
    ready: float
    memory: float


def measure(scale: Scale) -> Iterator[Comparison]:
    """On a new data directory, on a used one, and `modelyard --help`."""
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        root = Path(directory)
        numbers = iter(range(1000))
        first, bare = by_turns(
            scale.of(5), lambda: _start(root / f"new{next(numbers)}", 0), lambda: _start_bare(0), warm_up=True
        )
        again, bare_again = by_turns(
            scale.of(3), lambda: _start(root / "new0", _SECONDS_UNTIL_IDLE), lambda: _start_bare(_SECONDS_UNTIL_IDLE)
        )
        helps = [(words, _time_help(scale, *words)) for words in ((), ("users",), ("keys", "set"))]
    bare_starts = [one.healthy for one in bare]
    yield Comparison("first start to /healthz", _BARE_NAME, [one.healthy for one in first], bare_starts, "< 1 s")
    yield Comparison("first start to /readyz", _BARE_NAME, [one.ready for one in first], bare_starts)
    bare_starts = [one.healthy for one in bare_again]
    yield Comparison("next start to /healthz", _BARE_NAME, [one.healthy for one in again], bare_starts, "< 1 s")
    yield Comparison("next start to /readyz", _BARE_NAME, [one.ready for one in again], bare_starts)
    memory = [one.memory for one in bare_again]
    yield Comparison("idle memory", _BARE_NAME, [one.memory for one in again], memory, "< 150 MiB", unit="MiB")
    for words, (ours, theirs) in helps:
        yield Comparison(
            " ".join(["modelyard", *words, "--help"]), "python -c 'import click'", ours, theirs, "< 150 ms"
        )


def _time_help(scale: Scale, *words: str) -> tuple[list[float], list[float]]:
    return by_turns(
        scale.of(15, 2),
        lambda: _timed(Path(sys.executable).with_name("modelyard"), *words, "--help"),
        lambda: _timed(sys.executable, "-c", "import click"),
        warm_up=True,
    )


def _start(data_dir: Path, idle_seconds: float) -> Started:
    began = time.perf_counter()
    server = start_server(data_dir)
    return _watch(server.process, server.port, began, idle_seconds, ready_path="/readyz")


def _start_bare(idle_seconds: float) -> Started:
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", _BARE, str(port)])
    return _watch(process, port, began, idle_seconds, ready_path="/healthz")


def _watch(
    process: subprocess.Popen[bytes], port: int, began: float, idle_seconds: float, *, ready_path: str
) -> Started:
    try:
        wait_until_answering(port, "/healthz", process)
        healthy = time.perf_counter() - began
        wait_until_answering(port, ready_path, process)
        ready = time.perf_counter() - began
        time.sleep(idle_seconds)
        return Started(healthy, ready, sum(map(resident_mib, with_descendants(process.pid))))
    finally:
        stop(process)


def _timed(*command: object) -> float:
    began = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
