"""A real web server beside the command line, and shells of the cast."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from modelyard.app import Platform
from modelyard.entrypoints.cli.connections import BoundedProtocol
from modelyard.entrypoints.rest.app import create_api
from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell that knows no server."""
    return Shell(tmp_path / "home")


@pytest.fixture
async def url(platform: Platform) -> AsyncIterator[str]:
    """The address of the platform."""
    config = uvicorn.Config(create_api(platform), port=0, http=BoundedProtocol, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
def alice(shell: Shell, url: str) -> Shell:
    return shell.using(CAST.alice, url)


@pytest.fixture
def charlie(shell: Shell, url: str) -> Shell:
    return shell.using(CAST.charlie, url)


@pytest.fixture
def olga(shell: Shell, url: str) -> Shell:
    return shell.using(CAST.olga, url)
