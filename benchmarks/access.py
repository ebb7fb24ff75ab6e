"""What the check of an API key adds to a request, and how soon a key that another process stops is refused."""

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.server_process import KEY, Refused, Server, start_server, stop, wait_until_answering
from benchmarks.turns import Comparison, Scale, by_turns

_WITH_KEY, _WITHOUT_KEY = "/api/jobs/features", "/healthz"
"""Two routes that do nothing but answer a few numbers or words."""
_AFTER_A_WHILE = 1.0
"""By then the server has forgotten what it knew of the key."""


def measure(scale: Scale) -> Iterator[Comparison]:
    """On a server that does nothing else."""
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        server = start_server(Path(directory) / "data")
        try:
            wait_until_answering(server.port, "/healthz", server.process)
            yield _key_check(server, scale)
            yield _revocation(server, scale)
        finally:
            stop(server.process)


def _key_check(server: Server, scale: Scale) -> Comparison:
    ours, theirs = by_turns(
        scale.of(5000, 20),
        lambda: _timed_call(server, _WITH_KEY),
        lambda: _timed_call(server, _WITHOUT_KEY),
        warm_up=True,
    )
    return Comparison("request with a key", "request without", ours, theirs, "difference < 0.2 ms")


def _revocation(server: Server, scale: Scale) -> Comparison:
    ours, theirs = by_turns(
        scale.of(10, 2), lambda: _until_refused(server), lambda: _timed_call(server, _WITH_KEY), warm_up=True
    )
    return Comparison("key stopped by another process", "the next request", ours, theirs, "≤ 1 s")


def _timed_call(server: Server, path: str) -> float:
    began = time.perf_counter()
    server.call("GET", path)
    return time.perf_counter() - began


def _until_refused(server: Server) -> float:
    server.call("GET", _WITH_KEY)  # the server remembers the key now
    _set_status(server, "Inactive")
    began = time.perf_counter()
    try:
        with contextlib.suppress(Refused):
            while True:
                server.call("GET", _WITH_KEY)
        return time.perf_counter() - began
    finally:
        _set_status(server, "Active")
        time.sleep(_AFTER_A_WHILE)


def _set_status(server: Server, status: str) -> None:
    """As another process on the same database would."""
    with contextlib.closing(sqlite3.connect(server.data_dir / "modelyard.db", timeout=30)) as database, database:
        database.execute("UPDATE api_keys SET status = ? WHERE prefix = ?", (status, KEY.partition(".")[0]))
