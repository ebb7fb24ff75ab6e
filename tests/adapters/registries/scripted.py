"""Registries and token servers that follow a script."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from modelyard.adapters.registries.base import ImageDescription
from modelyard.adapters.registries.http_registry import HttpRegistry
from tests.servers import synthetic_image, web_server

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
IMAGE = synthetic_image()
PASSWORD = "s3cret-hunter2"


def good_answer(request: web.BaseRequest) -> web.Response:
    """A registry as it should be."""
    body = IMAGE.config if "/blobs/" in request.path else IMAGE.manifest
    return web.Response(body=body)


async def describe(address: str, *also: str, user: str = "", seconds: float = 5.0) -> ImageDescription:
    """Describes `team/model:1` of a registry; it and the other addresses are declared insecure."""
    registry = HttpRegistry(frozenset({address, *also}), total_seconds=seconds)
    password = PASSWORD if user else ""
    return await registry.describe(registry.parse(f"{address}/team/model:1"), username=user, password=password)


def always(response: Callable[[], web.Response]) -> Handler:
    """Answers every request the same."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return response()

    return handle


@asynccontextmanager
async def guarded_registry(challenge: str, accepted: str, seen: list[web.BaseRequest]) -> AsyncIterator[str]:
    """A registry that answers once the authorization is the accepted one."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request)
        if request.headers.get("Authorization") != accepted:
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        return good_answer(request)

    async with web_server(handle) as address:
        yield address


@asynccontextmanager
async def token_server(seen: list[web.BaseRequest], document: str) -> AsyncIterator[str]:
    """Hands out the document to everybody."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request)
        return web.Response(text=document)

    async with web_server(handle) as address:
        yield address
