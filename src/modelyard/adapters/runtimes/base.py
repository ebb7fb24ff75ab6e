"""What runs containers: the protocol that podman, docker and the fake serve, and its values."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from modelyard.core.errors import Conflict, NotFound, Unavailable, UpstreamFailed


class RuntimeUnavailable(Unavailable):
    """The runtime's socket does not answer."""


class ImageNotFound(NotFound):
    """The runtime holds no such image, or the registry has none."""


class ImageInUse(Conflict):
    """A container still uses the image."""


class ImagePullFailed(UpstreamFailed):
    """The registry refused the image or broke off."""


class ArchiveRejected(UpstreamFailed):
    """The runtime could not load an image archive."""


class ContainerStartFailed(UpstreamFailed):
    """The runtime created no container, or could not start its process."""


class ContainerNotFound(NotFound):
    """There is no such container (any more)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A registry account. Its text form hides the password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a pull or load is. Bytes are -1 where the runtime does not say."""

    text: str
    done_bytes: int = -1
    total_bytes: int = -1


OnProgress = Callable[[PullProgress], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What a runtime knows of an image that it holds."""

    image_id: str
    digest: str
    size: int
    architecture: str
    operating_system: str
    labels: Mapping[str, str]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    ports: tuple[str, ...]
    """Exposed ports such as `8080/tcp`."""
    user: str
    environment: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageLayer:
    """One layer of an image: unpacked size in bytes, and the instruction that made it."""

    size: int
    created_by: str


@dataclass(frozen=True, slots=True)
class Mount:
    """A directory of the host that the container sees."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container to run, always without capabilities and without new privileges.

    Args:
        network: False gives the container a network of its own with nothing but loopback: it reaches neither
            the outside, nor the host, nor other containers. The platform still reaches it, see `Runtime.expose`.
        max_log_bytes: the runtime keeps about this much of its output.
    """

    name: str
    image: str
    labels: Mapping[str, str]
    environment: Mapping[str, str]
    memory_bytes: int
    cpu_millis: int
    max_processes: int = 512
    max_open_files: int = 4096
    gpus: int = 0
    mounts: tuple[Mount, ...] = ()
    network: bool = False
    max_log_bytes: int = 1_000_000
    command: tuple[str, ...] | None = None
    shared_memory_bytes: int = 67_108_864


class ContainerStatus(StrEnum):
    """Whether a container's program runs."""

    RUNNING = "running"
    EXITED = "exited"
    PAUSED = "paused"
    """By us or by others, also by a signal."""


@dataclass(frozen=True, slots=True)
class ContainerState:
    """What a container does at this moment. `exit_code` is None while it runs."""

    container_id: str
    name: str
    status: ContainerStatus
    exit_code: int | None
    out_of_memory: bool
    started_at: datetime | None
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """What a container uses at this moment, and the most memory it ever used (both bytes)."""

    memory_bytes: int
    peak_memory_bytes: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class RuntimeFacts:
    """What `modelyard doctor` shows of a runtime."""

    name: str
    """`podman` or `docker`."""
    version: str
    architecture: str
    """As images spell it: amd64, arm64, arm."""
    cpus: int
    memory_bytes: int
    socket: str


class Runtime(Protocol):
    """Runs containers somewhere."""

    async def facts(self) -> RuntimeFacts:
        """What this runtime is. Raises RuntimeUnavailable."""

    async def pull_image(
        self,
        reference: str,
        *,
        credentials: Credentials | None = None,
        insecure: bool = False,
        on_progress: OnProgress | None = None,
    ) -> str:
        """Pulls an image and returns its id. Raises ImageNotFound, ImagePullFailed, RuntimeUnavailable."""

    async def load_image(self, archive: Path, *, on_progress: OnProgress | None = None) -> str:
        """Loads a `docker save` or OCI-layout archive and returns the image's id. Raises ArchiveRejected."""

    def save_image(self, reference: str) -> AsyncGenerator[bytes, None]:
        """The bytes of an image, by id or name, as a `docker save` archive; memory stays flat whatever its size.

        Close what is left of it when not all is read. Raises, with the first bytes, ImageNotFound.
        """

    async def inspect_image(self, image: str) -> ImageFacts:
        """Facts of an image by id or name. Raises ImageNotFound."""

    async def image_layers(self, image: str) -> tuple[ImageLayer, ...]:
        """The steps that made an image, newest first; steps that added no files have size 0. Raises ImageNotFound."""

    async def tag_image(self, image: str, repository: str, tag: str) -> None:
        """Gives an image a further name, which also keeps it from being pruned as nameless."""

    async def remove_image(self, image: str) -> None:
        """Removes an image, or only this name when it has others; an id removes all its names.

        One that is gone already is no error. Raises ImageInUse.
        """

    async def start_container(self, spec: ContainerSpec) -> str:
        """Creates and starts a container and returns its id. Raises ImageNotFound, ContainerStartFailed.

        A container that could not be started is removed before the error is raised.
        """

    async def inspect_container(self, container: str) -> ContainerState:
        """The state of a container. Raises ContainerNotFound."""

    async def wait_container(self, container: str) -> ContainerState:
        """Waits until the container's program has ended. Raises ContainerNotFound."""

    async def read_log(self, container: str, *, lines: int = 50) -> str:
        """The last lines of its output, both streams in order, at most 64 KiB. Empty when it is gone."""

    def follow_log(self, container: str, *, lines: int = 50) -> AsyncIterator[str]:
        """Its output line by line, from the last `lines` on until the program ends."""

    async def resource_use(self, container: str) -> ResourceUse:
        """What it uses now. Raises ContainerNotFound when it does not run."""

    async def pause_container(self, container: str) -> None:
        """Freezes it."""

    async def unpause_container(self, container: str) -> None:
        """Lets it go on."""

    async def remove_container(self, container: str) -> None:
        """Kills and removes a container; one that is gone already is no error."""

    async def list_containers(self, label: str, value: str) -> list[ContainerState]:
        """All containers, running or not, that carry a label with this value."""

    async def expose(self, container: str, port: int) -> Path:
        """A Unix socket on this machine that leads to the TCP port inside the container.

        The path stays valid in this process until the container is removed; a restarted platform asks again.
        Whether something listens on the port shows when one connects. Raises ContainerNotFound.
        """

    async def close(self) -> None:
        """Closes connections and sockets; containers run on."""
