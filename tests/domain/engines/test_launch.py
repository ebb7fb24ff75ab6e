"""Starts: a ready engine, or a named reason and no container left."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.adapters.runtimes.base import ContainerStartFailed, ImageNotFound
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.errors import (
    EngineExited,
    EngineOutOfMemory,
    HardwareTooSmall,
    LoadFailed,
    NeverReady,
    NoServer,
    UnknownProtocol,
    WrongArchitecture,
)
from modelyard.domain.engines.launch import INSTALLATION_LABEL, EngineLimits, Launcher, RunningEngine
from modelyard.domain.engines.plan import PORT_VARIABLE, EnginePlan
from tests.machine import Machine


@pytest.fixture
def launcher(machine: Machine, tmp_path: Path) -> Launcher:
    limits = EngineLimits("here", tmp_path / "engines", max_processes=10, max_log_bytes=1000)
    return Launcher(machine.runtime, {machine.factory.name: machine.factory}, limits)


@pytest.fixture
def plan(machine: Machine) -> EnginePlan:
    image = machine.publish()
    image_id = machine.runtime.hold("held:1", image)
    return EnginePlan(1, "model", "0.1.0", image_id, "amd64", (8080, 80), 10**9, 500, 0, 5.0)


async def _launch(launcher: Launcher, plan: EnginePlan) -> RunningEngine:
    container = await launcher.create("engine", "name", plan)
    return await launcher.wait_ready("engine", "name", container, plan)


async def _nothing_is_left(launcher: Launcher, tmp_path: Path) -> bool:
    containers = await launcher.runtime.list_containers(INSTALLATION_LABEL, "here")
    return not containers and not list((tmp_path / "engines").glob("*"))


async def test_container_gets_its_limits(machine: Machine, launcher: Launcher, plan: EnginePlan) -> None:
    engine = await _launch(launcher, plan)

    (container,) = machine.running
    spec = container.spec
    assert (spec.memory_bytes, spec.cpu_millis, spec.gpus, spec.max_processes) == (10**9, 500, 0, 10)
    assert (spec.network, dict(spec.environment)) == (False, {PORT_VARIABLE: "8080"})
    assert spec.mounts[0].source == engine.exchange
    assert engine.exchange.stat().st_mode & 0o777 == 0o755
    assert engine.exchange.parent.stat().st_mode & 0o777 == 0o700
    assert (engine.port, engine.protocol_name) == (8080, "fake")


async def test_stopped_engine_leaves_nothing(launcher: Launcher, plan: EnginePlan, tmp_path: Path) -> None:
    await launcher.stop(await _launch(launcher, plan))

    assert await _nothing_is_left(launcher, tmp_path)


async def test_files_of_engines_that_others_have_ended_go(launcher: Launcher, plan: EnginePlan, tmp_path: Path) -> None:
    engine = await _launch(launcher, plan)
    (tmp_path / "engines" / "ended" / "exchange" / "run-1" / "out").mkdir(parents=True)

    assert await launcher.remove_left_over([engine.engine_id]) == 1
    assert [path.name for path in (tmp_path / "engines").iterdir()] == [engine.engine_id]


async def test_an_engine_that_is_paused_by_others_is_frozen(
    machine: Machine, launcher: Launcher, plan: EnginePlan
) -> None:
    engine = await _launch(launcher, plan)
    assert not await launcher.is_frozen(engine)
    await machine.runtime.pause_container(engine.container)
    assert await launcher.is_frozen(engine)
    await machine.runtime.remove_container(engine.container)
    assert not await launcher.is_frozen(engine)


async def test_model_that_takes_its_time_is_waited_for(machine: Machine, launcher: Launcher, plan: EnginePlan) -> None:
    machine.program.not_ready_calls = 3

    assert (await _launch(launcher, plan)).ready_ms > 0


def _exits(machine: Machine) -> None:
    machine.exit_code = 3
    machine.program.listens = False


def _eats_memory(machine: Machine) -> None:
    machine.uses_too_much_memory = True
    machine.program.listens = False


FAILURES: list[tuple[Callable[[Machine], None], type[PlatformError], str]] = [
    (_exits, EngineExited, "exit code 3"),
    (_eats_memory, EngineOutOfMemory, "out of memory: yes"),
    (lambda machine: setattr(machine.program, "listens", False), NoServer, "the program has started"),
    (lambda machine: setattr(machine.program, "not_ready_calls", 10**6), NeverReady, "loading"),
    (lambda machine: setattr(machine.program, "load_error", "no weights"), LoadFailed, "the program has started"),
    (lambda machine: setattr(machine.program, "speaks_protocol", False), UnknownProtocol, "the program has started"),
]


@pytest.mark.parametrize(
    ("prepare", "error", "information"), FAILURES, ids=[error.__name__ for _, error, _ in FAILURES]
)
async def test_failure_is_named_and_leaves_nothing(
    machine: Machine,
    launcher: Launcher,
    plan: EnginePlan,
    tmp_path: Path,
    prepare: Callable[[Machine], None],
    error: type[PlatformError],
    information: str,
) -> None:
    prepare(machine)
    with pytest.raises(error) as caught:
        await _launch(launcher, replace(plan, status_timeout=0.5))

    assert information in (caught.value.technical_information or "")
    assert await _nothing_is_left(launcher, tmp_path)


async def test_container_that_cannot_start(
    machine: Machine, launcher: Launcher, plan: EnginePlan, tmp_path: Path
) -> None:
    machine.runtime.start_failures[plan.image] = "exec format error"
    for changed, error in ((plan, ContainerStartFailed), (replace(plan, image="sha256:" + "0" * 64), ImageNotFound)):
        with pytest.raises(error):
            await _launch(launcher, changed)

    assert await _nothing_is_left(launcher, tmp_path)


async def test_cancelled_start_leaves_nothing(
    machine: Machine, launcher: Launcher, plan: EnginePlan, tmp_path: Path
) -> None:
    machine.program.listens = False
    task = asyncio.create_task(_launch(launcher, plan))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await _nothing_is_left(launcher, tmp_path)


@pytest.mark.parametrize(
    ("change", "error"),
    [({"image_architecture": "arm64"}, WrongArchitecture), ({"memory_bytes": 10**12}, HardwareTooSmall)],
)
async def test_what_this_machine_cannot_run(
    launcher: Launcher, plan: EnginePlan, change: dict[str, object], error: type[PlatformError]
) -> None:
    await launcher.check(plan)
    with pytest.raises(error):
        await launcher.check(replace(plan, **change))  # type: ignore[arg-type]


async def test_death_has_a_cause(machine: Machine, launcher: Launcher, plan: EnginePlan) -> None:
    engine = await _launch(launcher, plan)
    alive = await launcher.cause_of_death(engine)
    machine.running[0].end(137, out_of_memory=True)
    dead = await launcher.cause_of_death(engine)
    await launcher.stop(engine)
    gone = await launcher.cause_of_death(engine)

    assert alive is None
    assert dead is not None
    assert "more memory" in dead.message
    assert gone is not None


async def test_engine_of_an_earlier_process_is_found_again(launcher: Launcher, plan: EnginePlan) -> None:
    first = await _launch(launcher, plan)
    again = await launcher.reconnect("engine", "name", first.container, plan, protocol="fake", port=8080)

    assert again.container == first.container
