"""The forwarder loses no byte, passes on ends and breaks, and holds back who sends too fast."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from modelyard.adapters.runtimes.forward import Forwarder

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Client = Callable[[Path], Awaitable[None]]


async def scene(directory: Path, answer: Answer, client: Client) -> None:
    """A server, a forwarder to it, and a client at the forwarder."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await answer(reader, writer)
        writer.close()

    async def connect() -> socket.socket:
        inside = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        await asyncio.get_running_loop().sock_connect(inside, server.sockets[0].getsockname())
        return inside

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    forwarder = Forwarder(directory / "in.sock", connect)
    await forwarder.start()
    try:
        async with asyncio.timeout(20):
            await client(forwarder.path)
    finally:
        await forwarder.close()
        server.close()


@pytest.fixture(params=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Answer, Client], None]:
    """Runs a scene on each kind of loop."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def run(answer: Answer, client: Client) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(scene(tmp_path, answer, client))

    return run


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


def test_bytes_go_both_ways_and_the_end_is_passed_on(play: Callable[[Answer, Client], None]) -> None:
    sent = bytes(range(256)) * 40_000

    async def client(path: Path) -> None:
        reader, writer = await asyncio.open_unix_connection(str(path))
        reading = asyncio.create_task(reader.read())
        writer.write(sent)
        writer.write_eof()
        assert await reading == sent
        writer.close()

    play(echo, client)


def test_a_slow_reader_holds_the_sender_back(play: Callable[[Answer, Client], None]) -> None:
    written = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        for _ in range(1000):
            writer.write(bytes(100_000))
            await writer.drain()
            written += 100_000

    async def client(path: Path) -> None:
        reader, writer = await asyncio.open_unix_connection(str(path), limit=1000)
        await asyncio.sleep(0.5)
        assert written < 30_000_000
        while await reader.read(1 << 20):
            pass
        assert written == 100_000_000
        writer.close()

    play(flood, client)


def test_a_client_that_breaks_off_is_noticed_inside(play: Callable[[Answer, Client], None]) -> None:
    noticed = asyncio.Event()

    async def wait_for_end(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        noticed.set()

    async def client(path: Path) -> None:
        _, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"hello")
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await noticed.wait()

    play(wait_for_end, client)


async def test_closing_breaks_open_connections(tmp_path: Path) -> None:
    async def never() -> socket.socket:
        await asyncio.Event().wait()
        raise AssertionError

    forwarder = Forwarder(tmp_path / "in.sock", never)
    await forwarder.start()
    reader, writer = await asyncio.open_unix_connection(str(forwarder.path))
    await asyncio.sleep(0.05)

    await forwarder.close()

    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert not forwarder.path.exists()
