"""A container of the fake runtime: what its program sees, and what the runtime knows of it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

from modelyard.adapters.runtimes.base import ContainerSpec, ContainerState, ContainerStatus, Mount, ResourceUse

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class OutOfMemory(Exception):
    """The program used more memory than its container has."""


class FakeContainer:
    """What a program in a fake container sees and can do."""

    def __init__(
        self, container_id: str, spec: ContainerSpec, command: tuple[str, ...], directory: Path, started_at: datetime
    ) -> None:
        self.container_id = container_id
        self.spec = spec
        self.command = command
        self.environment: Mapping[str, str] = dict(spec.environment)
        self.mounts: tuple[Mount, ...] = spec.mounts
        self._directory = directory
        self._started_at = started_at
        self._lines: list[str] = []
        self._new_line = asyncio.Event()
        self._running = asyncio.Event()  # cleared while it is paused
        self._running.set()
        self._memory = self._peak = 1_000_000
        self._servers: list[asyncio.Server] = []
        self._answering: set[asyncio.Task[None]] = set()
        self.exit_code: int | None = None
        self.ran_out_of_memory = False
        self.ended = asyncio.Event()

    def log(self, text: str) -> None:
        """Writes to the container's output."""
        self._lines.extend(text.splitlines())
        self._new_line.set()

    def socket_path(self, port: int) -> Path:
        """The Unix socket that stands for a TCP port of this container: a program may listen there itself."""
        return self._directory / f"{self.container_id[:12]}-{port}.in"

    async def serve(self, port: int, answer: Answer) -> None:
        """Answers connections to a port until the container ends."""
        server = await asyncio.start_unix_server(
            lambda reader, writer: self._answer(answer, reader, writer), str(self.socket_path(port))
        )
        self._servers.append(server)

    def use_memory(self, total_bytes: int) -> None:
        """Says how much memory the program uses now. Raises OutOfMemory above the container's limit."""
        self._memory = min(total_bytes, self.spec.memory_bytes)
        self._peak = max(self._peak, self._memory)
        if total_bytes > self.spec.memory_bytes:
            raise OutOfMemory

    async def idle(self) -> int:
        """Does nothing until the container is removed."""
        await asyncio.Event().wait()
        return 0

    async def _answer(self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        try:
            await self._running.wait()
            await answer(reader, writer)
        except OutOfMemory:
            self.end(137, out_of_memory=True)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    # What the runtime does with it:

    async def connect(self, port: int) -> socket.socket:
        """A connection to a port. Raises OSError when nothing listens."""
        await self._running.wait()
        inside = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            await asyncio.get_running_loop().sock_connect(inside, str(self.socket_path(port)))
        except BaseException:
            inside.close()
            raise
        return inside

    def pause(self) -> None:
        """Answers nothing for a while."""
        self._running.clear()

    def unpause(self) -> None:
        """Answers again."""
        self._running.set()

    def stop_serving(self) -> None:
        """Takes away its ports."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        for task in self._answering:
            task.cancel()
        for path in self._directory.glob(f"{self.container_id[:12]}-*.in"):
            path.unlink(missing_ok=True)

    def end(self, exit_code: int, out_of_memory: bool = False) -> None:
        """Its program is over."""
        if self.exit_code is None:
            self.exit_code = exit_code
            self.ran_out_of_memory = out_of_memory
        self.stop_serving()
        self._running.set()
        self.ended.set()
        self._new_line.set()

    def state(self) -> ContainerState:
        """What inspecting it tells."""
        status = ContainerStatus.RUNNING if self._running.is_set() else ContainerStatus.PAUSED
        return ContainerState(
            container_id=self.container_id,
            name=self.spec.name,
            status=status if self.exit_code is None else ContainerStatus.EXITED,
            exit_code=self.exit_code,
            out_of_memory=self.ran_out_of_memory,
            started_at=self._started_at,
            labels=dict(self.spec.labels),
        )

    def use(self) -> ResourceUse:
        """What it says it uses."""
        return ResourceUse(self._memory, self._peak, 0.01)

    def lines_from(self, index: int) -> list[str]:
        """Its output from a line on."""
        return self._lines[index:]

    async def wait_for_line(self) -> None:
        """Waits until there is new output or the program has ended."""
        await self._new_line.wait()
        if not self.ended.is_set():
            self._new_line.clear()
