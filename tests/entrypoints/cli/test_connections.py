"""Connections that send no whole head of a request are cut off; others are not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from modelyard.entrypoints.cli.connections import BoundedProtocol, bounded_protocol

HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n"


class _Hasty(BoundedProtocol):
    seconds_for_head = 0.3
    largest_head = 2_000
    most_from_one_address = 3


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(await Request(scope, receive).body())(scope, receive, send)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with _served(_Hasty) as bound:
        yield bound


@asynccontextmanager
async def _served(protocol: type[BoundedProtocol]) -> AsyncIterator[int]:
    config = uvicorn.Config(_echo, port=0, http=protocol, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def _talk(port: int, *pieces: bytes | float) -> bytes:
    """Sends pieces, with pauses where numbers are; returns everything that comes until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        if isinstance(piece, bytes):
            writer.write(piece)
        else:
            await asyncio.sleep(piece)
    async with asyncio.timeout(10):
        received = await reader.read()
    writer.close()
    return received


async def test_a_request_is_answered(port: int) -> None:
    received = await _talk(port, HEAD, b"Connection: close\r\n\r\nbody")

    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"body")


@pytest.mark.parametrize("sent", [b"", b"P", HEAD, HEAD + b"X-Long: "])
async def test_an_unfinished_head_ends_the_connection(port: int, sent: bytes) -> None:
    assert await _talk(port, sent) == b""


async def test_a_second_unfinished_head_ends_it_too(port: int) -> None:
    received = await _talk(port, HEAD, b"\r\nbody", 0.1, b"GET / HT")

    assert received.count(b"HTTP/1.1") == 1


async def test_a_body_may_come_later_than_the_head(port: int) -> None:
    received = await _talk(port, HEAD, b"Connection: close\r\n\r\n", 0.5, b"body")

    assert received.endswith(b"body")


async def test_an_endless_head_is_refused(port: int) -> None:
    received = await _talk(port, HEAD, b"X-Long: " + b"x" * 3_000)

    assert received.startswith(b"HTTP/1.1 400")
    assert b"too large" in received


async def test_one_address_gets_so_many_connections_at_once(port: int) -> None:
    request = (HEAD, b"Connection: close\r\n\r\nbody")
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    for _, writer in opened:
        writer.write(HEAD + b"\r\n")
    try:
        refused = await _talk(port, *request)
    except ConnectionError:
        refused = b""
    assert refused == b""

    for _, writer in opened:
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(10):
        while not (await _talk(port, *request)).startswith(b"HTTP/1.1 200"):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("protocol", [bounded_protocol(0), bounded_protocol(1, ["127.0.0.1"])])
async def test_a_proxy_gets_any_number_of_connections(protocol: type[BoundedProtocol]) -> None:
    async with _served(protocol) as port:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        received = await _talk(port, HEAD, b"Connection: close\r\n\r\nbody")
        for _, writer in opened:
            writer.close()
    assert received.startswith(b"HTTP/1.1 200")


async def test_others_get_as_many_as_are_set() -> None:
    async with _served(bounded_protocol(1, ["10.0.0.1"])) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            refused = await _talk(port, HEAD, b"Connection: close\r\n\r\nbody")
        except ConnectionError:
            refused = b""
        writer.close()
    assert refused == b""
