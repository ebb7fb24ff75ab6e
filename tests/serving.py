"""A real web server for a platform, in the loop of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from modelyard.app import Platform
from modelyard.entrypoints.cli.connections import BoundedProtocol
from modelyard.entrypoints.rest.app import create_api


@asynccontextmanager
async def serving(platform: Platform) -> AsyncIterator[str]:
    """Yields the server's address; it ends with the context."""
    config = uvicorn.Config(create_api(platform), port=0, http=BoundedProtocol, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task
