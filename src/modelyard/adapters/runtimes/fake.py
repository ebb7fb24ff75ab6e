"""A runtime without containers: each one is an async function. Fast tests run the whole platform on it."""

import asyncio
import hashlib
import secrets
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from modelyard.adapters.runtimes.base import (
    ContainerNotFound,
    ContainerSpec,
    ContainerStartFailed,
    ContainerState,
    Credentials,
    ImageFacts,
    ImageInUse,
    ImageLayer,
    ImageNotFound,
    ImagePullFailed,
    OnProgress,
    PullProgress,
    ResourceUse,
    RuntimeFacts,
    RuntimeUnavailable,
)
from modelyard.adapters.runtimes.fake_container import FakeContainer, OutOfMemory
from modelyard.adapters.runtimes.fake_images import FakeImage, Program, archive_chunks, read_archive
from modelyard.adapters.runtimes.forward import Forwarder
from modelyard.core.clock import Clock, SystemClock
from modelyard.core.errors import PlatformError

_LOG_BYTES = 65_536


class FakeRuntime:
    """Keeps the promises of `base.Runtime` in memory.

    Attributes:
        available: False makes every verb raise RuntimeUnavailable.
        start_failures: image names, with or without tag, whose containers cannot start, with the reason.
        default_program: what runs for a loaded archive whose image nobody registered.
    """

    def __init__(self, *, default_program: Program = FakeContainer.idle, clock: Clock | None = None) -> None:
        self.available = True
        self.start_failures: dict[str, str] = {}
        self.default_program = default_program
        self._clock = clock or SystemClock()
        self._known: dict[str, FakeImage] = {}
        self._held: dict[str, FakeImage] = {}
        self._names: dict[str, str] = {}
        self._registry: dict[str, tuple[FakeImage | PlatformError, Credentials | None]] = {}
        self._containers: dict[str, FakeContainer] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._forwarders: dict[tuple[str, int], Forwarder] = {}
        self._directory: Path | None = None

    def hold(self, name: str, image: FakeImage) -> str:
        """Puts an image into the runtime under a name; returns its id."""
        self._known[image.image_id] = self._held[image.image_id] = image
        self._names[name] = image.image_id
        return image.image_id

    def publish(self, reference: str, image: FakeImage, *, credentials: Credentials | None = None) -> None:
        """Puts an image into the registry; with credentials, only they may pull it."""
        self._known[image.image_id] = image
        self._registry[reference] = (image, credentials)

    def know(self, image: FakeImage) -> None:
        """Makes its program run when an archive of the image is loaded."""
        self._known[image.image_id] = image

    def break_pull(self, reference: str, error: PlatformError) -> None:
        """Makes pulls of this image fail."""
        self._registry[reference] = (error, None)

    async def facts(self) -> RuntimeFacts:
        self._require_available()
        return RuntimeFacts("fake", "1", "amd64", 2, 8_000_000_000, "fake")

    async def pull_image(
        self,
        reference: str,
        *,
        credentials: Credentials | None = None,
        insecure: bool = False,
        on_progress: OnProgress | None = None,
    ) -> str:
        self._require_available()
        image, wanted = self._registry.get(reference, (None, None))
        if image is None:
            raise ImageNotFound(f"The registry has no image {reference}.")
        if isinstance(image, PlatformError):
            raise image
        if wanted is not None and credentials != wanted:
            raise ImagePullFailed(f"The registry refused {reference}: it wants credentials.")
        if on_progress is not None:
            await on_progress(PullProgress("Copying the image", image.facts().size, image.facts().size))
        return self.hold(reference, image)

    async def load_image(self, archive: Path, *, on_progress: OnProgress | None = None) -> str:
        self._require_available()
        config, names = await asyncio.to_thread(read_archive, archive)
        if on_progress is not None:
            await on_progress(PullProgress("Loading the archive", len(config), len(config)))
        image_id = f"sha256:{hashlib.sha256(config).hexdigest()}"
        image = self._known.get(image_id) or FakeImage(config, self.default_program)
        self._held[image_id] = image
        self._names |= dict.fromkeys(names, image_id)
        return image_id

    async def save_image(self, reference: str) -> AsyncGenerator[bytes, None]:
        image = self._image(reference)
        names = [name for name, held in self._names.items() if held == image.image_id and name == reference]
        for chunk in archive_chunks(image, names):
            yield chunk

    async def inspect_image(self, image: str) -> ImageFacts:
        return self._image(image).facts()

    async def image_layers(self, image: str) -> tuple[ImageLayer, ...]:
        return (ImageLayer(self._image(image).facts().size, "COPY model /"), ImageLayer(0, "CMD serve"))

    async def tag_image(self, image: str, repository: str, tag: str) -> None:
        self._names[f"{repository}:{tag}"] = self._image(image).image_id

    async def remove_image(self, image: str) -> None:
        try:
            image_id = self._image(image).image_id
        except ImageNotFound:
            return
        names = [name for name, held in self._names.items() if held == image_id]
        if image in names and len(names) > 1:
            del self._names[image]
            return
        if any(self._image_id(one.spec.image) == image_id for one in self._containers.values()):
            raise ImageInUse(f"A container still uses the image {image}; remove the container first.")
        for name in names:
            del self._names[name]
        del self._held[image_id]

    async def start_container(self, spec: ContainerSpec) -> str:
        image = self._image(spec.image)
        if any(one.spec.name == spec.name for one in self._containers.values()):
            raise ContainerStartFailed(f"The name {spec.name} is in use by a container.")
        for name in (spec.image, spec.image.rpartition(":")[0]):
            if name in self.start_failures:
                raise ContainerStartFailed(self.start_failures[name])
        container_id = secrets.token_hex(32)
        command = spec.command or image.facts().command
        container = FakeContainer(container_id, spec, command, self._sockets(), self._clock.now())
        self._containers[container_id] = container
        self._tasks[container_id] = asyncio.create_task(_run(image.program, container))
        return container_id

    async def inspect_container(self, container: str) -> ContainerState:
        return self._container(container).state()

    async def wait_container(self, container: str) -> ContainerState:
        found = self._container(container)
        await found.ended.wait()
        return self._container(found.container_id).state()

    async def read_log(self, container: str, *, lines: int = 50) -> str:
        try:
            found = self._container(container).lines_from(0)[-lines:]
        except ContainerNotFound:
            return ""
        return "".join(f"{line}\n" for line in found)[-_LOG_BYTES:]

    async def follow_log(self, container: str, *, lines: int = 50) -> AsyncIterator[str]:
        found = self._container(container)
        done = max(0, len(found.lines_from(0)) - lines)
        while True:
            for line in found.lines_from(done):
                done += 1
                yield line
            if found.ended.is_set() and not found.lines_from(done):
                return
            await found.wait_for_line()

    async def resource_use(self, container: str) -> ResourceUse:
        return self._running(container).use()

    async def pause_container(self, container: str) -> None:
        self._running(container).pause()

    async def unpause_container(self, container: str) -> None:
        self._running(container).unpause()

    async def remove_container(self, container: str) -> None:
        try:
            found = self._container(container)
        except ContainerNotFound:
            return
        del self._containers[found.container_id]
        for key in [key for key in self._forwarders if key[0] == found.container_id]:
            await self._forwarders.pop(key).close()
        task = self._tasks.pop(found.container_id)
        task.cancel()
        await asyncio.wait([task])

    async def list_containers(self, label: str, value: str) -> list[ContainerState]:
        self._require_available()
        return [one.state() for one in self._containers.values() if one.spec.labels.get(label) == value]

    async def expose(self, container: str, port: int) -> Path:
        found = self._running(container)
        key = (found.container_id, port)
        if key not in self._forwarders:
            path = self._sockets() / f"{found.container_id[:12]}-{port}.sock"
            self._forwarders[key] = Forwarder(path, lambda: found.connect(port))
            await self._forwarders[key].start()
        return self._forwarders[key].path

    async def close(self) -> None:
        """Ends the programs, too: nothing of a fake outlives it."""
        self.available = True
        for container in list(self._containers):
            await self.remove_container(container)
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def _require_available(self) -> None:
        if not self.available:
            raise RuntimeUnavailable("The container runtime does not answer.")

    def _image_id(self, image: str) -> str:
        return self._names.get(image, image if ":" in image else f"sha256:{image}")

    def _image(self, image: str) -> FakeImage:
        self._require_available()
        found = self._held.get(self._image_id(image))
        if found is None:
            raise ImageNotFound(f"The container runtime holds no image {image}; pull or upload it again.")
        return found

    def _container(self, container: str) -> FakeContainer:
        self._require_available()
        for found in self._containers.values():
            if container in (found.container_id, found.spec.name):
                return found
        raise ContainerNotFound(f"There is no container {container[:12]} any more.")

    def _running(self, container: str) -> FakeContainer:
        found = self._container(container)
        if found.exit_code is not None:
            raise ContainerNotFound(f"The container {container[:12]} does not run any more.")
        return found

    def _sockets(self) -> Path:
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="fake-"))
        return self._directory


async def _run(program: Program, container: FakeContainer) -> None:
    """Runs a program as a container would: whatever it raises is its own end, not ours."""
    task = asyncio.ensure_future(program(container))
    ended = asyncio.ensure_future(container.ended.wait())  # a server of it may have run out of memory
    try:
        await asyncio.wait((task, ended), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            container.end(*_outcome(task, container))
    finally:
        container.end(137)
        for one in (task, ended):
            one.cancel()
        await asyncio.gather(task, ended, return_exceptions=True)


def _outcome(task: asyncio.Future[int], container: FakeContainer) -> tuple[int, bool]:
    """Exit code, and whether it was killed for its memory."""
    if task.cancelled():
        return 137, False
    error = task.exception()
    if isinstance(error, OutOfMemory):
        return 137, True
    if error is not None:
        container.log(f"{type(error).__name__}: {error}")
        return 1, False
    return task.result(), False
