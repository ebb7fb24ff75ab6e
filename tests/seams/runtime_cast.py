"""The runtimes of the seam's tests: the same behaviours as a script in a container and as a fake's program."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from modelyard.adapters.runtimes.base import ContainerSpec, Mount, Runtime
from modelyard.adapters.runtimes.docker_api import DockerApiRuntime
from modelyard.adapters.runtimes.fake import FakeRuntime
from modelyard.adapters.runtimes.fake_container import FakeContainer
from modelyard.adapters.runtimes.fake_images import make_image, write_archive
from modelyard.adapters.runtimes.podman_process import PodmanService
from modelyard.adapters.runtimes.tiny_image import write_tiny_archive
from tests.containers import build_image

LABEL = "modelyard.test"
PORT = 8080

SCRIPT = """
import os, socket, sys, threading, time

def serve(family, host):
    server = socket.socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, 8080))
    server.listen(100)
    print("listening", flush=True)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=echo, args=(connection,), daemon=True).start()

def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data.upper())
    connection.close()

what = sys.argv[1]
if what == "serve":
    serve(socket.AF_INET, "127.0.0.1")
if what == "serve6":
    serve(socket.AF_INET6, "::1")
if what == "say":
    for index in range(int(sys.argv[2])):
        print("line", index, flush=True)
        print("oops", index, file=sys.stderr, flush=True)
        time.sleep(0.01)
if what == "pieces":
    for piece in ("one ", "line", "\\n"):
        sys.stdout.write(piece)
        sys.stdout.flush()
        time.sleep(0.1)
if what == "exit":
    sys.exit(int(os.environ["CODE"]))
if what == "hog":
    kept = []
    while True:
        kept.append(bytearray(1_000_000))
if what == "copy":
    with open("/data/in.txt") as source, open("/data/out.txt", "w") as target:
        target.write(source.read().upper())
if what == "idle":
    time.sleep(1000)
if what == "look":
    exec(os.environ["CODE"])
"""


class RuntimeCast(Protocol):
    """One runtime and what the tests need around it."""

    @property
    def runtime(self) -> Runtime:
        """What is tested."""

    @property
    def image(self) -> str:
        """An image that does what `spec` says."""

    def archive(self, directory: Path) -> tuple[Path, str]:
        """An image archive that the runtime can load, and the image's name in it."""

    async def lose(self) -> None:
        """Takes the runtime away; its containers run on."""

    async def restore(self) -> None:
        """Gives it back."""


def spec(cast: RuntimeCast, *command: str, **changes: object) -> ContainerSpec:
    """A container of the test image that does what the command's first word says."""
    values: dict[str, object] = {
        "name": f"modelyard-test-{uuid4().hex[:12]}",
        "image": cast.image,
        "labels": {LABEL: uuid4().hex},
        "environment": {},
        "memory_bytes": 64_000_000,
        "cpu_millis": 1000,
        "command": ("python3", "/program.py", *command),
    }
    return ContainerSpec(**{**values, **changes})  # type: ignore[arg-type]


@dataclass
class FakeCast:
    """The fake."""

    runtime: FakeRuntime = field(default_factory=FakeRuntime)
    image: str = "localhost/modelyard/test-runtime:1"

    def archive(self, directory: Path) -> tuple[Path, str]:
        name = f"localhost/modelyard/archived:{uuid4().hex[:12]}"
        write_archive(make_image(name, behave), name, directory / "image.tar")
        return directory / "image.tar", name

    async def lose(self) -> None:
        self.runtime.available = False

    async def restore(self) -> None:
        self.runtime.available = True


@dataclass
class PodmanCast:
    """podman behind a service of the test's own."""

    runtime: DockerApiRuntime
    image: str
    service: PodmanService

    def archive(self, directory: Path) -> tuple[Path, str]:
        return directory / "image.tar", write_tiny_archive(directory / "image.tar", uuid4().hex[:12])

    async def lose(self) -> None:
        await self.service.close()

    async def restore(self) -> None:
        await self.service.start()


@asynccontextmanager
async def fake_cast() -> AsyncIterator[FakeCast]:
    """The fake, with the test image."""
    cast = FakeCast()
    cast.runtime.hold(cast.image, make_image("runtime", behave, labels={"kind": "test"}))
    yield cast
    await cast.runtime.close()


@asynccontextmanager
async def podman_cast(directory: Path) -> AsyncIterator[PodmanCast]:
    """podman, with the test image."""
    image = await asyncio.to_thread(
        build_image, "runtime", {"/program.py": SCRIPT}, ["python3", "/program.py", "idle"], {"kind": "test"}
    )
    service = PodmanService(directory / "service")
    runtime = DockerApiRuntime(await service.start(), directory / "sockets")
    try:
        yield PodmanCast(runtime, image, service)
    finally:
        await runtime.close()
        await service.close()


async def behave(container: FakeContainer) -> int:
    """What SCRIPT does, for the fake."""
    what, *arguments = container.command[2:]
    if what in ("serve", "serve6"):
        await container.serve(PORT, _echo)
        container.log("listening")
    if what == "say":
        for index in range(int(arguments[0])):
            container.log(f"line {index}")
            container.log(f"oops {index}")
            await asyncio.sleep(0.001)
        return 0
    if what == "pieces":
        container.log("one line")
        return 0
    if what == "exit":
        return int(container.environment["CODE"])
    if what == "hog":
        container.use_memory(container.spec.memory_bytes + 1)
    if what == "copy":
        _copy(container.mounts[0])
        return 0
    return await container.idle()


def _copy(mount: Mount) -> None:
    (mount.source / "out.txt").write_text((mount.source / "in.txt").read_text().upper())


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data.upper())
        await writer.drain()
