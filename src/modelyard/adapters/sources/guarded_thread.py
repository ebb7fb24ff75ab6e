"""A thread in which Python code may connect only to addresses that the rules allow, whatever name it resolved.

Drivers of databases resolve names and follow redirects by themselves. Python tells an audit hook of every connection
just before it is made; ours judges those of guarded threads, and knows their sockets, to end them from outside.
"""

import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from modelyard.core.addresses import read_address
from modelyard.core.destinations import DestinationForbidden, Destinations

_T = TypeVar("_T")
_local = threading.local()


@dataclass(slots=True)
class GuardedThread:
    """Runs calls of one blocking driver, one after the other. `host`: the name under which it connects."""

    destinations: Destinations
    host: str
    refusal: DestinationForbidden | None = None
    _sockets: list[socket.socket] = field(default_factory=list)
    _executor: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        _install_hook()
        self._executor = ThreadPoolExecutor(1, "database", initializer=self._enter)

    async def run(self, call: Callable[[], _T]) -> _T:
        """The result of a call. When the caller is cancelled, the connections are cut and the call fails soon."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, call)
        except asyncio.CancelledError:
            self._cut()
            raise

    def close(self, call: Callable[[], None] | None = None) -> None:
        """Ends the thread after a last call, without waiting for either."""
        if call is not None:
            self._executor.submit(_quietly, call)
        self._executor.shutdown(wait=False)

    def judge(self, connecting: socket.socket, address: Any) -> None:
        """Raises DestinationForbidden."""
        found = read_address(str(address[0]).partition("%")[0]) if isinstance(address, tuple) else None
        port = int(address[1]) if found else 0
        if found is None or not self.destinations.permits(self.host, found, port):
            self.refusal = DestinationForbidden(str(found or "a place that is no address"), port)
            connecting.close()  # who makes connections closes them after errors of the system only
            raise self.refusal
        self._sockets.append(connecting)

    def _enter(self) -> None:
        _local.guard = self

    def _cut(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def _quietly(call: Callable[[], None]) -> None:
    with contextlib.suppress(Exception):  # of a connection that is broken anyway
        call()


@cache
def _install_hook() -> None:
    """Once in a process: hooks cannot be taken away again."""
    sys.addaudithook(_judge)


def _judge(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and (guard := getattr(_local, "guard", None)):
        guard.judge(*arguments)
