"""A proxy on loopback through which object stores are reached: it connects only to addresses that were approved.

The client of the object stores resolves names and follows redirects by itself. Behind this proxy it cannot: each
connection is approved here, and goes to the address that was.
"""

import asyncio
import base64
import contextlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from modelyard.core.destinations import Destination, DestinationForbidden, Destinations
from modelyard.core.errors import PlatformError, Unavailable

LARGEST_HEAD = 65_536
SECONDS_TO_ASK = 10.0
SECONDS_TO_CONNECT = 10.0
CHUNK = 262_144
_HOP_HEADERS = (b"proxy-authorization", b"proxy-connection", b"connection")


class _NotConnected(Unavailable):
    """No address of the host answers."""


@dataclass
class GuardProxy:
    """Knows its clients by tickets, and remembers what it refused to whom."""

    destinations: Destinations
    _server: asyncio.Server | None = None
    _refusals: dict[str, PlatformError | None] = field(default_factory=dict)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def open_ticket(self) -> str:
        """Lets a client in until the ticket is closed."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LARGEST_HEAD)
        ticket = secrets.token_hex(16)
        self._refusals[ticket] = None
        return ticket

    def address(self, ticket: str) -> str:
        """Where a client with this ticket finds the proxy."""
        if self._server is None:
            raise RuntimeError("the proxy is not open")
        return f"http://{ticket}:x@127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def refusal(self, ticket: str) -> PlatformError | None:
        """Why a connection of this client was last refused."""
        return self._refusals.get(ticket)

    def close_ticket(self, ticket: str) -> None:
        """Forgets a client."""
        self._refusals.pop(ticket, None)

    async def close(self) -> None:
        """Ends all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            await self._pass_on(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # the client sees that its connection ends
        except asyncio.CancelledError:
            pass  # the proxy is being closed; nobody waits for this task
        finally:
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(SECONDS_TO_ASK):
            head = await reader.readuntil(b"\r\n\r\n")
        method, target, lines = _read_head(head)
        ticket = _ticket_in(lines)
        if ticket not in self._refusals:
            await _answer(writer, "407 Proxy Authentication Required")
            return
        is_tunnel = method == "CONNECT"
        place = urlsplit(f"//{target}" if is_tunnel else target)
        if not place.hostname or (not is_tunnel and place.scheme != "http"):
            await _answer(writer, "400 Bad Request")
            return
        try:
            destination = await self.destinations.approve(place.hostname, place.port or 80)
            far_reader, far_writer = await _connected(destination)
        except PlatformError as error:
            self._refusals[ticket] = error
            forbidden = isinstance(error, DestinationForbidden)
            await _answer(writer, "403 Forbidden" if forbidden else "502 Bad Gateway")
            return
        try:
            if is_tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = target.split("//", 1)[1].partition("/")
                far_writer.write(_plain_head(method, f"/{path[2]}", lines))
            await _exchange((reader, far_writer), (far_reader, writer))
        finally:
            far_writer.close()


async def _connected(destination: Destination) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for address in destination.addresses:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(SECONDS_TO_CONNECT):
                return await asyncio.open_connection(str(address), destination.port)
    raise _NotConnected(f"nobody answers at {destination.host}, port {destination.port}")


async def _exchange(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Passes bytes on in both directions until one side has ended."""
    tasks = [asyncio.create_task(_copy(*way)) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(CHUNK):
        target.write(chunk)
        await target.drain()


async def _answer(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()


def _read_head(head: bytes) -> tuple[str, str, list[bytes]]:
    first, *lines = head[:-4].split(b"\r\n")
    method, target, _ = first.decode("ascii").split(" ")
    return method, target, lines


def _ticket_in(lines: list[bytes]) -> str:
    for line in lines:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"proxy-authorization":
            return base64.b64decode(value.strip().removeprefix(b"Basic ")).decode("ascii").partition(":")[0]
    return ""


def _plain_head(method: str, path: str, lines: list[bytes]) -> bytes:
    """What the server itself is asked; the connection ends with the answer, since the next may be for another."""
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in _HOP_HEADERS]
    return b"\r\n".join([f"{method} {path} HTTP/1.1".encode("ascii"), *kept, b"Connection: close", b"", b""])
