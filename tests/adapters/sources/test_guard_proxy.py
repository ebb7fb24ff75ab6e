"""The proxy: who is let in, where it connects, and what it does with odd requests."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from modelyard.adapters.sources.guard_proxy import GuardProxy
from modelyard.core.destination_rules import parse_rules
from modelyard.core.destinations import DestinationForbidden, Destinations


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that says what it is told, once."""
    writer.write(await reader.read(1000))
    writer.close()


@pytest.fixture
async def far() -> AsyncIterator[int]:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
async def proxy(far: int) -> AsyncIterator[GuardProxy]:
    async def resolve(host: str) -> list[str]:
        return {"far.example.org": ["127.0.0.1"], "rebound.example.org": ["9.9.9.9", "127.0.0.1"]}[host]

    guard = GuardProxy(Destinations(allowed=parse_rules([f"far.example.org:{far}"]), resolve=resolve))
    yield guard
    await guard.close()


async def ask(proxy: GuardProxy, ticket: str, head: str, *, then: bytes = b"") -> bytes:
    """Everything that the proxy answers."""
    place = urlsplit(proxy.address(ticket))
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    credentials = base64.b64encode(f"{ticket}:x".encode()).decode()
    writer.write(f"{head}\r\nProxy-Authorization: Basic {credentials}\r\n\r\n".encode())
    answer = b""
    if then:
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.write(then)
    answer += await reader.read()
    writer.close()
    return answer


async def test_tunnels_lead_to_what_was_approved(proxy: GuardProxy, far: int) -> None:
    ticket = await proxy.open_ticket()

    answer = await ask(proxy, ticket, f"CONNECT far.example.org:{far} HTTP/1.1", then=b"hello")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nhello")


async def test_plain_requests_lose_what_is_for_the_proxy(proxy: GuardProxy, far: int) -> None:
    ticket = await proxy.open_ticket()

    answer = await ask(proxy, ticket, f"GET http://far.example.org:{far}/a?b HTTP/1.1\r\nHost: far.example.org\r\nX: y")

    assert answer == b"GET /a?b HTTP/1.1\r\nHost: far.example.org\r\nX: y\r\nConnection: close\r\n\r\n"


async def test_forbidden_places_are_refused_and_remembered(proxy: GuardProxy) -> None:
    ticket = await proxy.open_ticket()

    answer = await ask(proxy, ticket, "CONNECT rebound.example.org:443 HTTP/1.1")

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert isinstance(proxy.refusal(ticket), DestinationForbidden)
    proxy.close_ticket(ticket)
    assert proxy.refusal(ticket) is None


async def test_strangers_are_not_let_in(proxy: GuardProxy, far: int) -> None:
    await proxy.open_ticket()

    answer = await ask(proxy, "another", f"CONNECT far.example.org:{far} HTTP/1.1")

    assert answer.startswith(b"HTTP/1.1 407 ")


@pytest.mark.parametrize("head", ["GET / HTTP/1.1", "GET ftp://far.example.org/ HTTP/1.1", "CONNECT : HTTP/1.1"])
async def test_odd_requests_are_refused(proxy: GuardProxy, head: str) -> None:
    ticket = await proxy.open_ticket()

    assert (await ask(proxy, ticket, head)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("head", ["nonsense", "CONNECT far.example.org:99999 HTTP/1.1", "X: " + "y" * 100_000])
async def test_nonsense_ends_the_connection(proxy: GuardProxy, head: str) -> None:
    ticket = await proxy.open_ticket()

    with contextlib.suppress(ConnectionError):  # it may end before all was sent
        assert await ask(proxy, ticket, head) == b""
