"""Keep the Unix sockets that lead into containers, and the opened networks behind them."""

import asyncio
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.adapters.runtimes.base import ContainerNotFound
from modelyard.adapters.runtimes.forward import Forwarder
from modelyard.adapters.runtimes.namespace import NamespaceThread
from modelyard.adapters.runtimes.socket_paths import remove_stale_sockets, socket_directory

_CONNECT_SECONDS = 5.0

RunningPid = Callable[[str], Awaitable[tuple[int, str]]]
"""Process id and full id of a running container by name or id; raises ContainerNotFound."""


@dataclass(slots=True)
class _Opened:
    """A container whose network is open."""

    namespace: int
    forwarders: dict[int, Forwarder] = field(default_factory=dict)


class Exposures:
    """One forwarder for each exposed port of each container.

    Args:
        wanted_dir: where the sockets go, unless its path is too long for a socket's address.
    """

    def __init__(self, wanted_dir: Path, running_pid: RunningPid) -> None:
        self._wanted_dir = wanted_dir
        self._directory: Path | None = None
        self._running_pid = running_pid
        self._namespaces: NamespaceThread | None = None
        self._opened: dict[str, _Opened] = {}
        self._one_opens = asyncio.Lock()

    async def open(self, container: str, port: int) -> Path:
        """The socket that leads to a port. Raises ContainerNotFound, RuntimeUnavailable."""
        known = self._find(container, port)
        if known is not None:
            return known
        pid, container_id = await self._running_pid(container)
        async with self._one_opens:
            known = self._find(container_id, port)
            if known is not None:
                return known
            opened = self._opened.get(container_id) or await self._open_container(pid, container_id)
            return await self._open_port(opened, container_id, port)

    async def close_container(self, container_id: str) -> None:
        """Closes all sockets of a container and its network."""
        opened = self._opened.pop(container_id, None)
        if opened is None:
            return
        for forwarder in opened.forwarders.values():
            await forwarder.close()
        if self._namespaces is not None:
            await self._namespaces.close_namespace(opened.namespace)

    async def close(self) -> None:
        """Closes everything."""
        for container_id in list(self._opened):
            await self.close_container(container_id)
        if self._namespaces is not None:
            self._namespaces.close()
            self._namespaces = None
        if self._directory is not None and self._directory != self._wanted_dir:
            self._directory.rmdir()
        self._directory = None

    def _find(self, container_id: str, port: int) -> Path | None:
        opened = self._opened.get(container_id)
        forwarder = opened.forwarders.get(port) if opened is not None else None
        return forwarder.path if forwarder is not None else None

    async def _open_container(self, pid: int, container_id: str) -> _Opened:
        thread = self._namespaces = self._namespaces or NamespaceThread()
        namespace = await thread.open_namespace(pid, container_id)
        try:
            # The process may have ended before its namespace was opened, and its number gone to another.
            if (await self._running_pid(container_id))[0] != pid:
                raise ContainerNotFound("The container was started anew; ask again.")
            (await thread.new_socket(namespace, socket.AF_INET)).close()  # shows whether we may
        except BaseException:
            await thread.close_namespace(namespace)
            raise
        opened = self._opened[container_id] = _Opened(namespace)
        return opened

    async def _open_port(self, opened: _Opened, container_id: str, port: int) -> Path:
        if self._directory is None:
            self._directory = socket_directory(self._wanted_dir)
            remove_stale_sockets(self._directory)
        name = f"{container_id[:12]}-{port}-{secrets.token_hex(3)}.sock"
        forwarder = Forwarder(self._directory / name, lambda: self._connect(container_id, port))
        await forwarder.start()
        opened.forwarders[port] = forwarder
        return forwarder.path

    async def _connect(self, container_id: str, port: int) -> socket.socket:
        """A connection to the port on the container's own loopback, by IPv4 or else IPv6."""
        try:
            return await self._try_address(container_id, socket.AF_INET, ("127.0.0.1", port))
        except ConnectionRefusedError:
            return await self._try_address(container_id, socket.AF_INET6, ("::1", port))

    async def _try_address(self, container_id: str, family: int, address: tuple[str, int]) -> socket.socket:
        opened = self._opened.get(container_id)
        if opened is None or self._namespaces is None:
            raise ContainerNotFound("The container was removed.")
        inside = await self._namespaces.new_socket(opened.namespace, family)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await asyncio.get_running_loop().sock_connect(inside, address)
            refuse_itself(inside)
        except BaseException:
            inside.close()
            raise
        return inside


def refuse_itself(connected: socket.socket) -> None:
    """Raises ConnectionRefusedError when a connection leads to itself, and frees its port at once.

    Where nothing listens yet, the kernel may choose the very port that is asked for as the one to come from; the
    two then meet. Kept open, such a connection would take the port away from the program that is about to listen.
    """
    if connected.getsockname() == connected.getpeername():
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no waiting after its end
        raise ConnectionRefusedError("nothing listens on the port")
