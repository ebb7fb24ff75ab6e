"""Carry bytes from a Unix socket to a TCP port inside a container: every request to a model passes here."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from modelyard.core.errors import PlatformError

ConnectInside = Callable[[], Awaitable[socket.socket]]
"""Makes a connected, non-blocking socket to the port inside; raises OSError, TimeoutError or PlatformError."""


class Forwarder:
    """Listens on a Unix socket; each connection is carried to one that is made inside."""

    def __init__(self, path: Path, connect: ConnectInside) -> None:
        self.path = path
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._accepted: set[_Accepted] = set()

    async def start(self) -> None:
        """Listens; only this user may connect, as the directory is private."""
        self.path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Accepted(self), str(self.path), backlog=1024)

    async def close(self) -> None:
        """Stops listening, breaks all connections and removes the socket."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for accepted in list(self._accepted):
            accepted.abort()
        await asyncio.sleep(0)  # lets the transports call connection_lost
        self.path.unlink(missing_ok=True)

    def joined(self, accepted: "_Accepted") -> None:
        """An accepted connection begins."""
        self._accepted.add(accepted)

    def left(self, accepted: "_Accepted") -> None:
        """An accepted connection is over."""
        self._accepted.discard(accepted)

    async def connect_inside(self, protocol: "_Side") -> None:
        """Connects the other side of an accepted connection. Raises what ConnectInside raises."""
        inside = await self._connect()
        try:
            await asyncio.get_running_loop().create_connection(lambda: protocol, sock=inside)
        except BaseException:
            inside.close()
            raise


class _Side(asyncio.Protocol):
    """One end of a carried connection: what it receives leaves at its peer, no faster than that one takes it."""

    transport: asyncio.Transport
    peer: "_Side | None" = None
    ended = False
    """The other program on this end will send no more."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.peer is not None:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        self.ended = True
        if self.peer is not None:
            self.peer.end_writing()
        return True

    def end_writing(self) -> None:
        """Passes on that the peer will send no more; when both have ended, the connection is over."""
        if self.transport.is_closing():
            return
        if self.ended:
            self.transport.close()
        else:
            self.transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        peer, self.peer = self.peer, None
        if peer is None:
            return
        if exc is None:
            peer.transport.close()
        else:
            peer.transport.abort()

    def pause_writing(self) -> None:
        if self.peer is not None and not self.peer.transport.is_closing():
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()


class _Accepted(_Side):
    """The end that a client connected to; reads nothing until the port inside has answered."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._early = bytearray()
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._forwarder.joined(self)
        self.transport.pause_reading()
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        if self.peer is None:  # a loop may have read before it was told to pause
            self._early += data
        else:
            self.peer.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forwarder.left(self)
        if self._connecting is not None:
            self._connecting.cancel()
        super().connection_lost(exc)

    def abort(self) -> None:
        """Breaks the connection on both ends."""
        if self.peer is not None:
            self.peer.transport.abort()
        self.transport.abort()

    async def _connect(self) -> None:
        inside = _Side()
        inside.peer = self
        try:
            await self._forwarder.connect_inside(inside)
        except (OSError, PlatformError):  # refused, timed out or gone: the client sees the connection end
            self.transport.abort()
            return
        self._connecting = None
        if self.transport.is_closing():
            inside.transport.abort()
            return
        self.peer = inside
        if self._early:
            inside.transport.write(bytes(self._early))
            self._early.clear()
        if self.ended:
            inside.transport.write_eof()
        else:
            self.transport.resume_reading()
