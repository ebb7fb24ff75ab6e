"""How the platform talks to the program in a model container: the protocol and its values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from modelyard.adapters.container_protocols.output_files import OutputData
from modelyard.core.errors import Unavailable, UpstreamFailed


class NotReachable(Unavailable):
    """Nothing listens, or the connection broke: the program is not up (yet), or it died."""


class ModelNotReady(Unavailable):
    """The program answers, but says that its model is not loaded (yet)."""


class StatusTimedOut(ModelNotReady):
    """The program takes connections, but did not answer the status call in time; it may speak anything."""


class ModelLoadFailed(UpstreamFailed):
    """The program says that it cannot load its model."""


class UnexpectedAnswer(UpstreamFailed):
    """The program answers something that this protocol does not know."""


class RunTimedOut(UpstreamFailed):
    """The program did not answer within the run timeout."""


class RunFailed(UpstreamFailed):
    """The program refused or failed the whole run (not one item of it)."""


class ExchangeFull(Unavailable):
    """The disk has no room for what is handed to the program or comes back; running again helps when it has."""

    def __init__(self) -> None:
        super().__init__("The disk where files are exchanged with the model is full. Free some space.")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one engine is reached.

    Args:
        socket: Unix socket that leads to the program's port.
        exchange: directory of the host for files, private to this engine; used by HTTP v1 alone. The program
            may run as any user, so its mode is 0755 and its parent's, which no container sees, 0700.
        exchange_inside: the same directory as the container sees it.
    """

    socket: Path
    exchange: Path
    exchange_inside: str = "/exchange"


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """One input or output as the program declares it; sizes in bytes, None where it does not say."""

    name: str
    media_types: tuple[str, ...]
    max_size: int | None
    description: str = ""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a program says of itself when it is ready. HTTP v1 programs say nothing: all defaults."""

    name: str = ""
    version: str = ""
    author: str = ""
    summary: str = ""
    inputs: tuple[DeclaredField, ...] = ()
    outputs: tuple[DeclaredField, ...] = ()
    batch_size: int = 1
    explains: bool = False
    """It declares an explanation format, so `explain` is honoured."""
    detects_drift: bool = False
    """It declares a drift format, so `detect_drift` is honoured."""


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What became of one item: outputs by name, or an error text. Never both.

    Whoever gets it removes the files among the outputs, see `forget_outputs`.
    """

    outputs: Mapping[str, OutputData]
    error: str | None = None


InputData = bytes | Path
"""One input: its bytes, or a file that has them where there are many. The file is on the file system of `exchange`."""


class ContainerProtocol(Protocol):
    """One way to talk to the program. Instances hold no state of one engine but its connection."""

    async def status(self, *, timeout: float) -> ModelFacts:
        """Asks once whether the model is loaded; the first call may load it.

        Raises NotReachable, ModelNotReady (ask again), ModelLoadFailed, UnexpectedAnswer (wrong protocol).
        """

    async def run(
        self,
        items: Sequence[Mapping[str, InputData]],
        *,
        timeout: float,
        explain: bool = False,
        detect_drift: bool = False,
        max_output_bytes: int = 268_435_456,
    ) -> list[ItemOutcome]:
        """Runs items, at most the declared batch size, and returns as many outcomes, in their order.

        Args:
            items: for each item its inputs by name.
            timeout: seconds for the whole call.
            max_output_bytes: outputs of one item together; above it the item fails with a named error.

        Raises NotReachable, RunTimedOut, RunFailed, ExchangeFull, UnexpectedAnswer (garbage, a wrong number of
        outcomes).
        """

    async def shutdown(self) -> None:
        """Asks the program to end itself; a connection that drops is fine, and so is a dead program."""

    async def close(self) -> None:
        """Closes the connection."""


class ContainerProtocolFactory(Protocol):
    """Opens a protocol towards an engine."""

    name: str
    """`http-v1` or `grpc-v2`, kept with the engine."""

    def connect(self, endpoint: Endpoint) -> ContainerProtocol:
        """A connection to one engine; nothing is sent yet."""
