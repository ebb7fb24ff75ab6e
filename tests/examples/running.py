"""Starts one model container with podman, as locked up as the platform does, and leads a Unix socket to its port."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from modelyard.adapters.container_protocols.base import (
    ContainerProtocol,
    Endpoint,
    ModelFacts,
    ModelNotReady,
    NotReachable,
)

PORT = 8080
FORWARD = """
import asyncio, sys

async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()

async def serve(reader, writer):
    try:
        ends = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    except OSError:
        writer.close()
        return
    await asyncio.gather(copy(reader, ends[1]), copy(ends[0], writer), return_exceptions=True)

async def main():
    server = await asyncio.start_unix_server(serve, sys.argv[1])
    print("listening", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
LOCKED_UP = [
    "--user=10001:10001",
    "--network=none",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--read-only",
    "--read-only-tmpfs=false",
    "--pids-limit=128",
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=512:512",
]


@dataclass
class Running:
    """One container and where it is reached."""

    container: str
    endpoint: Endpoint

    async def log(self) -> str:
        """What the program printed, both streams."""
        return await output_of("sh", "-c", f"podman logs {self.container} 2>&1")

    async def ended(self) -> dict[str, object]:
        """What podman says of the container once its program has ended."""
        async with asyncio.timeout(20):
            await output_of("podman", "wait", self.container)
        state: dict[str, object] = json.loads(await output_of("podman", "inspect", self.container))[0]["State"]
        return state


def podman_options() -> list[str]:
    """On hosts with hybrid cgroups only runc starts containers."""
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return [] if unified or not shutil.which("runc") else ["--runtime", "runc"]


def can_run() -> bool:
    """Whether this machine lets us start containers and enter their networks."""
    return os.geteuid() == 0 and bool(shutil.which("podman") and shutil.which("nsenter"))


@asynccontextmanager
async def running(
    image: str, *command: str, memory: str = "512m", mounts: dict[Path, str] | None = None, **environment: str
) -> AsyncIterator[Running]:
    """A started container that is removed afterwards; mounts are read-only."""
    folder = Path(tempfile.mkdtemp(prefix="my-", dir="/tmp"))
    endpoint = Endpoint(folder / "s", folder / "exchange")
    endpoint.exchange.mkdir(mode=0o755)
    options = [f"--memory={memory}", f"--memory-swap={memory}", f"--volume={endpoint.exchange}:/exchange"]
    options += [f"--volume={source}:{target}:ro" for source, target in (mounts or {}).items()]
    options += [f"--env={name}={value}" for name, value in environment.items()]
    start = ["podman", *podman_options(), "run", "--detach", f"--env=PSC_MODEL_PORT={PORT}", *LOCKED_UP]
    container = await output_of(*start, *options, image, *command)
    forward = await _forward(container, endpoint.socket)
    try:
        yield Running(container, endpoint)
    finally:
        if forward:
            with contextlib.suppress(ProcessLookupError):  # the program may have ended before it could reach it
                forward.kill()
            await forward.wait()
        await output_of("podman", "rm", "--force", "--time=0", container)
        shutil.rmtree(folder)


async def ready(protocol: ContainerProtocol, seconds: float = 30) -> ModelFacts:
    """Asks for the status until the model is loaded."""
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(NotReachable, ModelNotReady):
                return await protocol.status(timeout=20)
            await asyncio.sleep(0.02)


async def output_of(*command: str, **environment: str) -> str:
    """What a command prints. Raises AssertionError with its errors when it fails."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=pipe, env={**os.environ, **environment}
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode().strip()


async def _forward(container: str, path: Path) -> asyncio.subprocess.Process | None:
    """Listens on a Unix socket in the container's network; None when the container has ended already."""
    pid = await output_of("podman", "inspect", "--format={{.State.Pid}}", container)
    if pid == "0":
        return None
    enter = ["nsenter", "--target", pid, "--net", "--", sys.executable, "-c", FORWARD, str(path), str(PORT)]
    process = await asyncio.create_subprocess_exec(*enter, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    await process.stdout.readline()
    return process
