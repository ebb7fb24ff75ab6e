"""Make sockets inside the network of a container, although this process stays in its own."""

import asyncio
import ctypes
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from modelyard.adapters.runtimes.base import ContainerNotFound, RuntimeUnavailable

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000
_NOT_PERMITTED = (
    "The networks of containers cannot be entered: run modelyard as root, or give it CAP_SYS_ADMIN and "
    "CAP_SYS_PTRACE, on the machine where the containers run."
)


class NamespaceThread:
    """One thread that steps into network namespaces; the rest of the process never leaves its own.

    A socket belongs for good to the namespace it was made in, whichever thread uses it later.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="namespaces")

    async def open_namespace(self, pid: int, container_id: str) -> int:
        """A descriptor of the network namespace of a container's process; the caller closes it.

        Raises ContainerNotFound when the process is gone, RuntimeUnavailable when it may not be entered.
        """
        return await self._run(lambda: _open_namespace(pid, container_id))

    async def new_socket(self, namespace: int, family: int) -> socket.socket:
        """A fresh, non-blocking TCP socket that lives in the namespace. Raises RuntimeUnavailable."""
        return await self._run(lambda: _new_socket(namespace, family))

    async def close_namespace(self, namespace: int) -> None:
        """Closes a descriptor after the calls that still use it: its number may mean another file then."""
        await self._run(lambda: os.close(namespace))

    def close(self) -> None:
        """Ends the thread."""
        self._thread.shutdown(wait=False)

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def _open_namespace(pid: int, container_id: str) -> int:
    try:
        cgroups = Path(f"/proc/{pid}/cgroup").read_text()
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, ProcessLookupError):
        raise ContainerNotFound("The container's program has ended.") from None
    except PermissionError:
        raise RuntimeUnavailable(_NOT_PERMITTED) from None
    # The number may mean another process here, when the runtime counts processes in a namespace of its own.
    if container_id not in cgroups:
        os.close(namespace)
        raise RuntimeUnavailable(
            "The container's process is not visible here: run modelyard on the machine itself, "
            "or in a container that shares its process ids (--pid=host)."
        )
    return namespace


def _new_socket(namespace: int, family: int) -> socket.socket:
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(namespace)
        try:
            return socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        finally:
            _enter(home)
    finally:
        os.close(home)


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET) != 0:
        error = os.strerror(ctypes.get_errno())
        raise RuntimeUnavailable(_NOT_PERMITTED, technical_information=f"setns: {error}")
