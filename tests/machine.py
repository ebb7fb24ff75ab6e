"""A machine without containers: the fake runtime, and the one program that runs in all of its containers."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.adapters.container_protocols.fake import FakeFactory, FakeProgram
from modelyard.adapters.registries.fake import SMALL_IMAGE, FakeRegistry
from modelyard.adapters.runtimes.base import Credentials, Runtime
from modelyard.adapters.runtimes.fake import FakeRuntime
from modelyard.adapters.runtimes.fake_container import FakeContainer
from modelyard.adapters.runtimes.fake_images import FakeImage, make_image
from modelyard.settings import Settings

REFERENCE = "registry.example/team/echo:1"


def answer_json(inputs: object) -> ItemOutcome:
    """What the program of most tests makes of an item."""
    return ItemOutcome(outputs={"results.json": b'{"label": "good", "score": 0.5}'})


@dataclass
class Machine:
    """What tests turn; it holds for engines that start from then on.

    `program` is how the model behaves, `exit_code` ends containers at their start.
    """

    program: FakeProgram = field(default_factory=lambda: FakeProgram(answer=answer_json))
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    exit_code: int | None = None
    uses_too_much_memory: bool = False
    containers: list[FakeContainer] = field(default_factory=list)
    """All that were ever started."""
    runtime: FakeRuntime = field(init=False)
    factory: FakeFactory = field(init=False)

    def __post_init__(self) -> None:
        self.runtime = FakeRuntime(default_program=self.behave)
        # A copy for each engine: one that is shut down must not take the others with it.
        self.factory = FakeFactory(choose=lambda _: replace(self.program))

    async def behave(self, container: FakeContainer) -> int:
        """The container's side of the program."""
        self.containers.append(container)
        container.log("the program has started")
        if self.uses_too_much_memory:
            container.use_memory(container.spec.memory_bytes + 1)
        if self.exit_code is not None:
            return self.exit_code
        return await container.idle()

    @property
    def running(self) -> list[FakeContainer]:
        """The containers whose program runs."""
        return [container for container in self.containers if container.exit_code is None]

    def publish(
        self, url: str = REFERENCE, *, username: str = "", password: str = "", architecture: str = "amd64"
    ) -> FakeImage:
        """Puts an image that behaves so into the registry."""
        image = make_image(url, self.behave, ports=("8080/tcp",), architecture=architecture)
        described = replace(SMALL_IMAGE, architecture=architecture, architectures=(architecture,))
        reference = self.registry.add(url, described, username=username, password=password)
        credentials = Credentials(username, password) if username else None
        pulled = f"{reference.registry}/{reference.repository}@{described.digest}"
        self.runtime.publish(pulled, image, credentials=credentials)
        return image

    @contextlib.asynccontextmanager
    async def opened(self, _: Settings) -> AsyncIterator[Runtime]:
        """Opens the runtime as the platform wants it."""
        yield self.runtime
