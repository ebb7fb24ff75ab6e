"""Both servers asked over HTTP for the same pages of models: ours, and `mlflow server` with one worker."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

from benchmarks.library_rows import write_library
from benchmarks.mlflow_environment import NAME, mlflow_python
from benchmarks.plain_container import free_port
from benchmarks.processes import peak_mib, with_descendants
from benchmarks.registry import GOAL, fill_registry
from benchmarks.registry_questions import ACTIVE, NAMED, NEWEST, PAGE, RECOMMENDED, TAGGED
from benchmarks.server_process import Server, start_server, stop, wait_until_answering
from benchmarks.turns import Comparison, Scale, by_turns, percentile

_NAMED, _ACTIVE = "name=detection%20for", "author=organisation%201&isActive=true"
_NEWEST = "sort-by=updatedAt&direction=desc"
CASES = {
    "list, a page by name": ("sort-by=name", "", "name ASC"),
    "list, words in the name and a tag": (f"{_NAMED}&tags=image&sort-by=name", f"{NAMED} AND {TAGGED}", "name ASC"),
    "list, a tag, author, active, recommended, newest first": (
        f"tags=image&{_ACTIVE}&isRecommended=true&{_NEWEST}",
        f"{TAGGED} AND {ACTIVE} AND {RECOMMENDED}",
        NEWEST,
    ),
}
"""The query of `GET /api/models/latest`; filter and order of `registered-models/search`."""


@dataclass
class Registry:
    """A running `mlflow server`; one connection is kept."""

    port: int
    process: subprocess.Popen[bytes]
    _connection: HTTPConnection = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._connection = HTTPConnection("127.0.0.1", self.port, timeout=120)

    def get(self, path: str) -> bytes:
        """The answer's body. Raises RuntimeError."""
        self._connection.request("GET", f"/api/2.0/mlflow/registered-models/{path}")
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered with {answer.status}: {content[:500]!r}")
        return content


def compare(scale: Scale, size: int) -> Iterator[Comparison]:
    """Each case by turns, each time over a connection that is kept. Raises MlflowMissing."""
    python = mlflow_python(install=not scale.quick)
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        data_dir, file = Path(directory) / "data", Path(directory) / "registry.db"
        stop(_ready(start_server(data_dir)).process)  # makes the tables
        identifiers = write_library(data_dir, size)
        names = fill_registry(python, file, data_dir, identifiers)
        server = _ready(start_server(data_dir))
        try:
            with _registry(python, file) as registry:
                yield from _compare(scale, size, server, registry, names)
        finally:
            stop(server.process)


def _compare(
    scale: Scale, size: int, server: Server, registry: Registry, names: dict[str, str]
) -> Iterator[Comparison]:
    what = f"servers with {size:,}"
    for case, (query, condition, order) in CASES.items():
        asked = urlencode({"filter": condition, "max_results": PAGE, "order_by": order})
        yield from _by_turns(
            f"{what}: {case}",
            scale.of(100, 2),
            partial(server.call, "GET", f"/api/models/latest?per-page={PAGE}&page=1&{query}"),
            partial(registry.get, f"search?{asked}"),
        )
    our_turns, their_turns = iter([*names] * 10), iter([*names.values()] * 10)
    yield from _by_turns(
        f"{what}: details",
        scale.of(100, 2),
        lambda: server.call("GET", f"/api/models/{next(our_turns)}"),
        lambda: registry.get(f"get?name={quote(next(their_turns))}"),
    )
    ours, theirs = (sum(map(peak_mib, with_descendants(one.process.pid))) for one in (server, registry))
    yield Comparison(f"{what}: peak memory of all processes", NAME, [ours], [theirs], GOAL, unit="MiB")


def _by_turns(
    what: str, repeats: int, ours: Callable[[], object], theirs: Callable[[], object]
) -> Iterator[Comparison]:
    times, their_times = by_turns(repeats, lambda: _timed(ours), lambda: _timed(theirs), warm_up=True)
    yield Comparison(what, NAME, times, their_times, GOAL)
    worst = [percentile(times, 99)], [percentile(their_times, 99)]
    yield Comparison(f"… p99 of {repeats}", "… its p99", *worst, GOAL)


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _ready(server: Server) -> Server:
    wait_until_answering(server.port, "/readyz", server.process)
    return server


@contextlib.contextmanager
def _registry(python: Path, file: Path) -> Iterator[Registry]:
    port = free_port()
    command = [str(python), "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{file}"]
    process = subprocess.Popen(
        [*command, "--no-serve-artifacts", "--workers", "1", "--host", "127.0.0.1", "--port", str(port)],
        cwd=file.parent,
        env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_answering(port, "/health", process)
        yield Registry(port, process)
    finally:
        started = with_descendants(process.pid) - {process.pid}
        stop(process)
        for pid in started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
