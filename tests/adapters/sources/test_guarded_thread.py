"""Guarded threads: connections of drivers are judged when they are made, and cut when nobody waits any more."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from modelyard.adapters.sources.guarded_thread import GuardedThread
from modelyard.core.destination_rules import parse_rules
from modelyard.core.destinations import DestinationForbidden, Destinations


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def connect(server: socket.socket, host: str = "localhost") -> None:
    socket.create_connection((host, server.getsockname()[1]), 5).close()


async def test_forbidden_connections_are_refused_whatever_the_name(listening: socket.socket) -> None:
    thread = GuardedThread(Destinations(), "database.example.org")

    with pytest.raises(DestinationForbidden):
        await thread.run(lambda: connect(listening))
    assert thread.refusal is not None
    thread.close()
    connect(listening)  # here nobody judges


async def test_allowed_connections_are_made(listening: socket.socket) -> None:
    thread = GuardedThread(Destinations(allowed=parse_rules(["127.0.0.1"])), "localhost")

    await thread.run(lambda: connect(listening, "127.0.0.1"))
    thread.close()


async def test_places_that_are_no_addresses_are_refused() -> None:
    thread = GuardedThread(Destinations(allowed=parse_rules(["all"])), "localhost")

    def connect_to_file() -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("/run/some.socket")

    with pytest.raises(DestinationForbidden):
        await thread.run(connect_to_file)
    thread.close()


async def test_who_waits_no_more_cuts_the_connection(listening: socket.socket) -> None:
    thread = GuardedThread(Destinations(allowed=parse_rules(["127.0.0.1"])), "localhost")
    waiting, ended = threading.Event(), threading.Event()

    def wait_for_an_answer() -> None:
        with socket.create_connection(listening.getsockname(), 60) as client:
            waiting.set()
            client.recv(1)
        ended.set()

    task = asyncio.create_task(thread.run(wait_for_an_answer))
    await asyncio.to_thread(waiting.wait)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 10)
    thread.close()
