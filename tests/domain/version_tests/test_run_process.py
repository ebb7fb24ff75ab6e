"""Load tests and run tests: what passes, what fails with which reason, and what a change meanwhile does."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import update

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.adapters.storage.fake import memory_storage
from modelyard.adapters.storage.object_store import ObjectStorage
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.errors import EngineExited
from modelyard.domain.engines.launch import INSTALLATION_LABEL, EngineLimits, Launcher
from modelyard.domain.engines.trial import TrialEngines
from modelyard.domain.models.tables import TestInput, Version
from modelyard.domain.version_tests.request import request_load_test, request_run_test
from modelyard.domain.version_tests.rows import ChangedMeanwhile
from modelyard.domain.version_tests.tables import TestKind, TestState, VersionTest
from modelyard.domain.version_tests.tasks import LoadVersion, RunTestFailed, RunVersion
from modelyard.domain.work import queue
from modelyard.domain.work.queue import ClaimedWork
from modelyard.domain.work.worker import Task
from tests.cast import CAST
from tests.library import TEXT_INPUT, add_model, describe, held_image, read_version_row
from tests.machine import Machine
from tests.manual_clock import RestlessClock


class Trials:
    """The two tasks, and a version that is ready for them."""

    def __init__(self, database: Database, machine: Machine, directory: Path) -> None:
        self.database = database
        self.machine = machine
        self.clock = RestlessClock()
        self.storage: ObjectStorage = memory_storage()
        limits = EngineLimits("here", directory, max_processes=10, max_log_bytes=1000)
        launcher = Launcher(machine.runtime, {machine.factory.name: machine.factory}, limits)
        trials = TrialEngines(database, self.clock, launcher, "one")
        self.load: Task = LoadVersion(database, self.clock, trials, launcher)
        self.run: Task = RunVersion(database, self.clock, trials, launcher, self.storage)
        self.model_id = ""

    async def describe(self) -> None:
        """Gives the version an image, and a test file; nothing is tested yet."""
        image_id = self.machine.runtime.hold("held:1", self.machine.publish())
        self.model_id = await add_model(self.database, CAST.alice)
        version = await describe(
            self.database, self.model_id, image_id=image_id, load_passed=False, run_passed=False, run_timeout_ms=500
        )
        await self.storage.put("test-inputs/a", b"a good day")
        async with self.database.write() as session:
            facts = {"file_name": "a.txt", "media_type": "text/plain", "size": 10, "storage_key": "test-inputs/a"}
            session.add(TestInput(version_id=version, name="input.txt", **facts))

    async def request(self, kind: TestKind, *, load_passed: bool = True) -> tuple[int, ClaimedWork]:
        """Asks for a test, and claims its work."""
        async with self.database.write() as session:
            if kind == TestKind.LOAD:
                test = await request_load_test(session, self.clock, CAST.alice, self.model_id, "0.1.0")
            else:
                await session.execute(update(Version).values(load_passed=load_passed))
                test = await request_run_test(session, self.clock, CAST.alice, self.model_id, "0.1.0", explain=False)
        async with self.database.write() as session:
            work = await queue.claim(session, self.clock, "one")
        assert work is not None
        return test.id, work

    async def read(self, test_id: int) -> VersionTest:
        """The test as it stands."""
        async with self.database.read() as session:
            return await session.get_one(VersionTest, test_id)

    async def fails(self, task: Task, kind: TestKind, error: type[PlatformError]) -> VersionTest:
        """The test after it failed with this error; no container is left."""
        test_id, work = await self.request(kind)
        with pytest.raises(error) as caught:
            await task.run(work)
        await task.give_up(work, caught.value)
        assert await self.machine.runtime.list_containers(INSTALLATION_LABEL, "here") == []
        return await self.read(test_id)


@pytest.fixture
async def trials(database: Database, machine: Machine, tmp_path: Path) -> Trials:
    made = Trials(database, machine, tmp_path / "engines")
    await made.describe()
    return made


async def test_load_test_passes(trials: Trials) -> None:
    test_id, work = await trials.request(TestKind.LOAD)
    await trials.load.run(work)

    test = await trials.read(test_id)
    assert (test.state, test.percentage, test.error) == (TestState.PASSED, 100, None)
    assert {"start_ms", "ready_ms", "protocol", "peak_memory_bytes"} <= set(test.measurements)
    assert (await read_version_row(trials.database, trials.model_id)).load_passed
    assert trials.machine.running == []


async def test_run_test_shows_its_outputs(trials: Trials) -> None:
    test_id, work = await trials.request(TestKind.RUN)
    await trials.run.run(work)

    test = await trials.read(test_id)
    assert (test.state, test.outputs) == (TestState.PASSED, {"results.json": {"label": "good", "score": 0.5}})
    assert trials.machine.program.runs == [[{"input.txt": b"a good day"}]]
    assert (await read_version_row(trials.database, trials.model_id)).run_passed


async def test_failed_load_test_says_why(trials: Trials) -> None:
    trials.machine.exit_code = 2
    trials.machine.program.listens = False
    test = await trials.fails(trials.load, TestKind.LOAD, EngineExited)

    assert test.state == TestState.FAILED
    assert "exit code 2" in (test.error or "")
    assert not (await read_version_row(trials.database, trials.model_id)).load_passed


@pytest.mark.parametrize("problem", ["wrong output", "refuses", "hangs", "breaks off"])
async def test_failed_run_test_says_why(trials: Trials, problem: str) -> None:
    program = trials.machine.program
    if problem == "wrong output":
        program.answer = lambda _: ItemOutcome({"results.json": b"no json"})
    program.run_error = "I will not" if problem == "refuses" else ""
    program.run_hangs = problem == "hangs"
    program.drops_runs = problem == "breaks off"
    test = await trials.fails(trials.run, TestKind.RUN, RunTestFailed)

    assert test.state == TestState.FAILED
    assert test.error
    assert "the program has started" in (test.technical_information or "")
    assert not (await read_version_row(trials.database, trials.model_id)).run_passed


async def test_result_of_an_image_that_was_replaced_does_not_count(trials: Trials) -> None:
    trials.machine.program.not_ready_calls = 6
    test_id, work = await trials.request(TestKind.LOAD)
    running = asyncio.create_task(trials.load.run(work))
    async with asyncio.timeout(5):
        while not trials.machine.containers:  # noqa: ASYNC110 - the fake rings no bell
            await asyncio.sleep(0.01)
    image = held_image("sha256:" + "b" * 64)
    async with trials.database.write() as session:
        session.add(image)
        await session.flush()
        await session.execute(update(Version).values(image_id=image.id))

    with pytest.raises(ChangedMeanwhile):
        await running
    assert not (await read_version_row(trials.database, trials.model_id)).load_passed
    assert (await trials.read(test_id)).state == TestState.RUNNING


async def test_result_for_other_inputs_does_not_count(trials: Trials) -> None:
    trials.machine.program.not_ready_calls = 6
    _, work = await trials.request(TestKind.RUN)
    running = asyncio.create_task(trials.run.run(work))
    async with asyncio.timeout(5):
        while not trials.machine.containers:  # noqa: ASYNC110 - the fake rings no bell
            await asyncio.sleep(0.01)
    async with trials.database.write() as session:
        await session.execute(update(Version).values(inputs=[TEXT_INPUT | {"name": "other"}]))

    with pytest.raises(ChangedMeanwhile):
        await running
    assert not (await read_version_row(trials.database, trials.model_id)).run_passed
