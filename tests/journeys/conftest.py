"""Servers for journeys: one for all tests of a worker, and ones of their own for tests that end them."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journeys.server import Server, containers_of


def _end(server: Server) -> None:
    if server.process is not None and server.process.poll() is None:
        server.stop()
    for container in containers_of(server) if (server.data_dir / "installation").exists() else []:
        subprocess.run(["podman", "rm", "--force", container], check=False, capture_output=True)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that tests share; they must leave it well."""
    shared = Server(tmp_path_factory.mktemp("shared") / "data")
    shared.start()
    yield shared
    _end(shared)


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers of the test's own, with settings of its own."""
    with ExitStack() as stack:

        def start(**settings: str) -> Server:
            own = Server(tmp_path / "data", settings=settings)
            stack.callback(_end, own)
            own.start()
            return own

        yield start
