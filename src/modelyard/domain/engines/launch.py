"""Starts one container and waits until its model is ready; whatever goes wrong leaves no container behind."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard.adapters.container_protocols.base import (
    ContainerProtocol,
    ContainerProtocolFactory,
    Endpoint,
    ModelFacts,
    ModelLoadFailed,
    UnexpectedAnswer,
)
from modelyard.adapters.container_protocols.exchange import remove_tree
from modelyard.adapters.runtimes.base import (
    ContainerNotFound,
    ContainerSpec,
    ContainerStartFailed,
    ContainerState,
    ContainerStatus,
    Mount,
    Runtime,
)
from modelyard.core.errors import PlatformError, Unavailable
from modelyard.domain.engines.detect import Candidate, Detection
from modelyard.domain.engines.errors import (
    EngineDied,
    EngineExited,
    EngineOutOfMemory,
    GpuMissing,
    HardwareTooSmall,
    LoadFailed,
    NeverReady,
    NoServer,
    UnknownProtocol,
    WrongArchitecture,
)
from modelyard.domain.engines.plan import PORT_VARIABLE, EnginePlan
from modelyard.domain.images.supply import ImageSupply

INSTALLATION_LABEL = "modelyard.installation"
ENGINE_LABEL = "modelyard.engine"
LOG_LINES = 30
KEPT_LINES = 200
"""Of the output of an engine, which people read when it is gone."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
_SHUTDOWN_SECONDS = 1.0
_DEATH_LOOKS, _DEATH_PAUSE = 30, 0.1
"""The connection drops a moment before the runtime knows that the container has ended."""
_LAST_WORDS_SECONDS = 0.3
"""What a program prints takes a moment to the log, and may come there later than its answer to us."""


@dataclass(slots=True)
class RunningEngine:
    """One engine that is ready, and the connection to it."""

    engine_id: str
    name: str
    container: str
    protocol_name: str
    port: int
    connection: ContainerProtocol
    facts: ModelFacts
    plan: EnginePlan
    exchange: Path
    start_ms: int = 0
    """Until the container's program ran."""
    ready_ms: int = 0
    """Until its model was ready, counted from the same moment."""
    worked_at: float = 0.0
    """When it last ran an item to its end, whatever came out; monotonic seconds, 0 for never."""
    is_dead: bool = False
    death: EngineDied | None = None
    """Why its container has ended, once somebody has found out; the container may be gone by then."""


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What holds for every engine of this installation."""

    installation: str
    exchange_root: Path
    max_processes: int
    max_log_bytes: int


class Launcher:
    """Starts, connects and stops engines."""

    def __init__(
        self,
        runtime: Runtime,
        protocols: Mapping[str, ContainerProtocolFactory],
        limits: EngineLimits,
        images: ImageSupply | None = None,
    ) -> None:
        self.runtime = runtime
        self._images = images
        self._protocols = protocols
        self._limits = limits

    async def check(self, plan: EnginePlan) -> None:
        """Raises WrongArchitecture or HardwareTooSmall when this machine cannot run the plan."""
        machine = await self.runtime.facts()
        if plan.image_architecture not in ("", machine.architecture):
            raise WrongArchitecture(plan.image_architecture, machine.architecture)
        if plan.memory_bytes > machine.memory_bytes:
            raise HardwareTooSmall(f"{plan.memory_bytes / 1e9:g} GB", f"{machine.memory_bytes / 1e9:.1f} GB")

    async def has_image(self, plan: EnginePlan) -> bool:
        """Whether an engine can start here without its image being fetched. Raises RuntimeUnavailable."""
        return self._images is None or await self._images.has(plan.image)

    async def bring_image(self, plan: EnginePlan) -> None:
        """Fetches the image if this machine lacks it. Raises ImageNotHere, RuntimeUnavailable."""
        if self._images is not None:
            await self._images.bring(plan.image)

    async def create(self, engine_id: str, name: str, plan: EnginePlan) -> str:
        """Starts the container and returns its id. Raises ContainerStartFailed, ImageNotFound, GpuMissing."""
        exchange = self._exchange(engine_id)
        await asyncio.to_thread(_make_exchange, exchange)
        spec = ContainerSpec(
            name=name,
            image=plan.image,
            labels={INSTALLATION_LABEL: self._limits.installation, ENGINE_LABEL: engine_id},
            environment={PORT_VARIABLE: str(plan.ports[0])},
            memory_bytes=plan.memory_bytes,
            cpu_millis=plan.cpu_millis,
            max_processes=self._limits.max_processes,
            gpus=plan.gpus,
            mounts=(Mount(exchange, "/exchange"),),
            max_log_bytes=self._limits.max_log_bytes,
        )
        try:
            return await self.runtime.start_container(spec)
        except BaseException as error:
            await asyncio.to_thread(_remove_exchange, exchange)
            if plan.gpus and isinstance(error, ContainerStartFailed) and "gpu" in error.message.lower():
                raise GpuMissing(plan.gpus, error.message) from error
            raise

    async def wait_ready(self, engine_id: str, name: str, container: str, plan: EnginePlan) -> RunningEngine:
        """Waits until the model is ready; on any failure the container is removed and the reason raised.

        Raises EngineExited, EngineOutOfMemory, NoServer, NeverReady, LoadFailed, UnknownProtocol.
        """
        began = time.perf_counter()
        detection: Detection | None = None
        exited = asyncio.create_task(self.runtime.wait_container(container))
        try:
            try:
                detection = await self._candidates(engine_id, container, plan)
            except ContainerNotFound:  # its program has ended already
                raise await self._exit_error(container, plan, await exited) from None
            await self._ask_until_ready(detection, exited, container, plan)
        except BaseException:
            exited.cancel()
            if detection:
                detection.found = None
                await detection.close_others()
            await self.remove(engine_id, container)
            raise
        exited.cancel()
        await detection.close_others()
        found, facts = detection.found, detection.facts
        assert found is not None and facts is not None  # noqa: S101, PT018 - what ask() promises
        return RunningEngine(
            engine_id=engine_id,
            name=name,
            container=container,
            protocol_name=found.protocol_name,
            port=found.port,
            connection=found.connection,
            facts=facts,
            plan=plan,
            exchange=self._exchange(engine_id),
            ready_ms=round((time.perf_counter() - began) * 1000),
        )

    async def reconnect(
        self, engine_id: str, name: str, container: str, plan: EnginePlan, *, protocol: str, port: int
    ) -> RunningEngine:
        """Connects to an engine that an earlier process started. Raises when it does not answer as ready."""
        socket = await self.runtime.expose(container, port)
        await asyncio.to_thread(_empty_exchange, self._exchange(engine_id))
        connection = self._protocols[protocol].connect(Endpoint(socket, self._exchange(engine_id)))
        try:
            facts = await connection.status(timeout=5.0)
        except BaseException:
            await connection.close()
            raise
        return RunningEngine(
            engine_id, name, container, protocol, port, connection, facts, plan, self._exchange(engine_id)
        )

    async def stop(self, engine: RunningEngine) -> None:
        """Asks the program to end, then removes its container and files."""
        with contextlib.suppress(TimeoutError, PlatformError):
            async with asyncio.timeout(_SHUTDOWN_SECONDS):
                if not engine.is_dead:
                    await engine.connection.shutdown()
        await engine.connection.close()
        await self.remove(engine.engine_id, engine.container)

    async def last_words(self, engine: RunningEngine) -> str:
        """What an engine that is about to end has printed last; empty where that cannot be found out soon."""
        with contextlib.suppress(TimeoutError, PlatformError):
            async with asyncio.timeout(_SHUTDOWN_SECONDS):
                return await self.runtime.read_log(engine.container, lines=KEPT_LINES)
        return ""

    async def remove(self, engine_id: str, container: str | None) -> None:
        """Removes a container, whatever it does, and the engine's files."""
        if container:
            await self.runtime.remove_container(container)
        await asyncio.to_thread(_remove_exchange, self._exchange(engine_id))

    async def remove_left_over(self, engine_ids: Collection[str]) -> int:
        """Removes the files of all engines but these; returns of how many. Right only where no other is starting."""
        return await asyncio.to_thread(_remove_others, self._limits.exchange_root, engine_ids)

    async def cause_of_death(self, engine: RunningEngine) -> EngineDied | None:
        """Why an engine's container has ended; None when it still runs."""
        if engine.death is None:
            try:
                state = await self.runtime.inspect_container(engine.container)
            except ContainerNotFound:
                return engine.death or EngineDied(None, out_of_memory=False, information="the container is gone")
            if state.exit_code is not None:
                information = await self._information(engine.container, state)
                engine.death = EngineDied(state.exit_code, state.out_of_memory, information)
        return engine.death

    async def await_death(self, engine: RunningEngine) -> EngineDied | None:
        """Why an engine that broke its connection has ended; None when its container runs on all the same."""
        for _ in range(_DEATH_LOOKS):
            with contextlib.suppress(Unavailable):
                if cause := await self.cause_of_death(engine):
                    return cause
            await asyncio.sleep(_DEATH_PAUSE)
        return None

    async def is_frozen(self, engine: RunningEngine) -> bool:
        """Whether an engine that does not answer has been stopped behind our back, by a signal or a pause."""
        with contextlib.suppress(PlatformError):
            return (await self.runtime.inspect_container(engine.container)).status == ContainerStatus.PAUSED
        return False

    async def log_tail(self, container: str) -> str:
        """The last lines of the container's output, as technical information, with what it prints just now."""
        await asyncio.sleep(_LAST_WORDS_SECONDS)
        return await self._information(container, None)

    def _exchange(self, engine_id: str) -> Path:
        # The parent is private to us; the directory below it is what the container sees.
        return self._limits.exchange_root / engine_id / "exchange"

    async def _candidates(self, engine_id: str, container: str, plan: EnginePlan) -> Detection:
        candidates = []
        for port in plan.ports:
            endpoint = Endpoint(await self.runtime.expose(container, port), self._exchange(engine_id))
            candidates += [
                Candidate(factory.name, port, factory.connect(endpoint)) for factory in self._protocols.values()
            ]
        return Detection(candidates)

    async def _ask_until_ready(
        self, detection: Detection, exited: asyncio.Task[ContainerState], container: str, plan: EnginePlan
    ) -> None:
        deadline = time.monotonic() + plan.status_timeout
        pause = _FIRST_PAUSE
        try:
            while (left := deadline - time.monotonic()) > 0:
                if await detection.ask(timeout=left):
                    return
                done, _ = await asyncio.wait([exited], timeout=min(pause, left))
                if done:
                    raise await self._exit_error(container, plan, exited.result())
                pause = min(_LONGEST_PAUSE, pause * 1.5)
        except ModelLoadFailed as error:
            raise LoadFailed(error.message, await self.log_tail(container)) from error
        except UnexpectedAnswer as error:
            raise UnknownProtocol(error.message, await self.log_tail(container)) from error
        raise await self._late_error(detection, container, plan)

    async def _late_error(self, detection: Detection, container: str, plan: EnginePlan) -> PlatformError:
        information = await self.log_tail(container)
        if detection.last_word:
            return NeverReady(plan.status_timeout, f"last answer: {detection.last_word}\n{information}")
        if detection.rejected:
            return UnknownProtocol("; ".join(detection.rejected), information)
        return NoServer(plan.status_timeout, list(plan.ports), information)

    async def _exit_error(self, container: str, plan: EnginePlan, state: ContainerState) -> PlatformError:
        information = await self._information(container, state)
        if state.out_of_memory:
            return EngineOutOfMemory(plan.memory_bytes, information)
        return EngineExited(state.exit_code, information)

    async def _information(self, container: str, state: ContainerState | None) -> str:
        text = await self.runtime.read_log(container, lines=LOG_LINES)
        lines = [f"last output of the container:\n{text}" if text else "the container printed nothing"]
        if state is not None:
            lines.insert(0, f"exit code {state.exit_code}, out of memory: {'yes' if state.out_of_memory else 'no'}")
        return "\n".join(lines)


def _make_exchange(exchange: Path) -> None:
    exchange.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    exchange.mkdir(exist_ok=True)
    exchange.chmod(0o755)


def _empty_exchange(exchange: Path) -> None:
    """Removes what a run of an earlier process left, in it and beside it."""
    for path in (*exchange.iterdir(), *(other for other in exchange.parent.iterdir() if other != exchange)):
        remove_tree(path)


def _remove_others(root: Path, engine_ids: Collection[str]) -> int:
    there = [path for path in root.iterdir() if path.name not in engine_ids] if root.is_dir() else []
    for path in there:
        remove_tree(path)
    return len(there)


def _remove_exchange(exchange: Path) -> None:
    with contextlib.suppress(OSError):
        remove_tree(exchange.parent)
