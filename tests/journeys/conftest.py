"""Servers for journeys: one for all tests of a worker, and ones of their own for tests that end them."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journeys.programs import ProgramRegistry
from tests.journeys.server import Server, containers_of
from tests.servers import docker_registry


def end_server(server: Server) -> None:
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
    end_server(shared)


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers of the test's own, with settings of its own."""
    with ExitStack() as stack:

        def start(**settings: str) -> Server:
            own = Server(tmp_path / "data", settings=settings)
            stack.callback(end_server, own)
            own.start()
            return own

        yield start


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramRegistry]:
    """A registry with the images of test programs."""
    with docker_registry(tmp_path_factory.mktemp("programs")) as address:
        yield ProgramRegistry(address)


@pytest.fixture(scope="session")
def model_server(tmp_path_factory: pytest.TempPathFactory, programs: ProgramRegistry) -> Iterator[Server]:
    """A running server that takes the test programs from their registry, and stops idle engines soon."""
    settings = {"MODELYARD_INSECURE_REGISTRIES": programs.address, "MODELYARD_ENGINE_IDLE_SECONDS": "2"}
    shared = Server(tmp_path_factory.mktemp("models") / "data", settings=settings)
    shared.start()
    yield shared
    end_server(shared)
