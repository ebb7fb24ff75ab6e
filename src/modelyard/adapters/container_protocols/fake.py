"""A container protocol without a container: plays a program that tests, demos and benchmarks describe."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.adapters.container_protocols.base import (
    Endpoint,
    InputData,
    ItemOutcome,
    ModelFacts,
    ModelLoadFailed,
    ModelNotReady,
    NotReachable,
    RunFailed,
    RunTimedOut,
    StatusTimedOut,
    UnexpectedAnswer,
)
from modelyard.adapters.container_protocols.outcomes import failed, succeeded

Answer = Callable[[Mapping[str, bytes]], ItemOutcome]


def echo(inputs: Mapping[str, bytes]) -> ItemOutcome:
    """Gives every input back under its name."""
    return ItemOutcome(outputs=dict(inputs))


@dataclass(slots=True)
class FakeProgram:
    """How a program in a container behaves; may be changed at any moment."""

    facts: ModelFacts = field(default_factory=ModelFacts)
    answer: Answer = echo
    """What it makes of one item."""
    run_seconds: float = 0.0
    listens: bool = True
    speaks_protocol: bool = True
    not_ready_calls: int = 0
    """So many status calls say that the model is not loaded yet."""
    load_error: str = ""
    status_hangs: bool = False
    run_hangs: bool = False
    drops_runs: bool = False
    """It dies in a run: the connection breaks."""
    run_error: str = ""
    """It refuses the whole run."""
    forgets_outputs: int = 0
    """So many outcomes too few in the answer."""
    runs: list[list[Mapping[str, bytes]]] = field(default_factory=list)
    """The items of each run that it got."""
    flags: list[tuple[bool, bool]] = field(default_factory=list)
    """`explain` and `detect_drift` of each run that it got."""


class FakeProtocol:
    """One fake engine."""

    def __init__(self, program: FakeProgram) -> None:
        self._program = program

    async def status(self, *, timeout: float) -> ModelFacts:
        """What the program says of its model."""
        program = self._program
        self._reach()
        if program.status_hangs:
            await asyncio.sleep(timeout)
            raise StatusTimedOut(f"The model did not answer the status call within {timeout:g} s.")
        if program.load_error:
            raise ModelLoadFailed(f"The model could not be loaded: {program.load_error}")
        if program.not_ready_calls > 0:
            program.not_ready_calls -= 1
            raise ModelNotReady("The model is not ready yet: loading")
        return program.facts

    async def run(
        self,
        items: Sequence[Mapping[str, InputData]],
        *,
        timeout: float,
        explain: bool = False,
        detect_drift: bool = False,
        max_output_bytes: int = 268_435_456,
    ) -> list[ItemOutcome]:
        """Runs the items."""
        program = self._program
        self._reach()
        read = [{name: _bytes_of(value) for name, value in item.items()} for item in items]
        program.runs.append([*read])
        program.flags.append((explain, detect_drift))
        await self._take_time(timeout)
        if program.drops_runs:
            raise NotReachable("The model's program is not reachable, or it broke the connection.")
        if program.run_error:
            raise RunFailed(f"The model failed: {program.run_error}")
        outcomes = [self._outcome(item, max_output_bytes) for item in read]
        if program.forgets_outputs:
            given = max(0, len(items) - program.forgets_outputs)
            raise UnexpectedAnswer(f"The program gave {given} outputs for {len(items)} items.")
        return outcomes

    async def shutdown(self) -> None:
        """The program listens no more."""
        self._program.listens = False

    async def close(self) -> None:
        """Nothing to close."""

    def _reach(self) -> None:
        if not self._program.listens:
            raise NotReachable("The model's program is not reachable, or it broke the connection.")
        if not self._program.speaks_protocol:
            raise UnexpectedAnswer("The program does not speak this container protocol.")

    async def _take_time(self, timeout: float) -> None:
        needed = timeout if self._program.run_hangs else self._program.run_seconds
        await asyncio.sleep(min(needed, timeout))
        if needed >= timeout:
            raise RunTimedOut(
                f"The model did not answer within its run time-out of {timeout:g} s; send less, or raise it."
            )

    def _outcome(self, item: Mapping[str, bytes], max_output_bytes: int) -> ItemOutcome:
        outcome = self._program.answer(item)
        return succeeded(outcome.outputs, max_output_bytes) if outcome.error is None else failed(outcome.error)


def _bytes_of(value: InputData) -> bytes:
    return value.read_bytes() if isinstance(value, Path) else value


class FakeFactory:
    """Connects every endpoint to the same program, or to the one that `choose` returns for it."""

    name = "fake"

    def __init__(
        self, program: FakeProgram | None = None, choose: Callable[[Endpoint], FakeProgram] | None = None
    ) -> None:
        self.program = program or FakeProgram()
        self._choose = choose

    def connect(self, endpoint: Endpoint) -> FakeProtocol:
        """A connection to one fake engine."""
        return FakeProtocol(self._choose(endpoint) if self._choose else self.program)
