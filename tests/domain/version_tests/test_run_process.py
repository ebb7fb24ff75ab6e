"""Load tests and run tests: what passes, what fails with which reason, and what a change meanwhile does."""

import asyncio

import pytest
from sqlalchemy import update

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.domain.engines.errors import EngineExited
from modelyard.domain.models.tables import TestInput, Version
from modelyard.domain.version_tests.deployments import find_trial_engine
from modelyard.domain.version_tests.file_schema import TestFileBreaksSchema
from modelyard.domain.version_tests.rows import ChangedMeanwhile
from modelyard.domain.version_tests.run_process import RunTestFailed
from modelyard.domain.version_tests.tables import TestKind, TestState
from tests.domain.version_tests.trials import Trials
from tests.library import TEXT_INPUT, held_image, read_version_row


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
    assert trials.machine.program.runs[0] == [{"input.txt": b"a good day"}]
    assert (await read_version_row(trials.database, trials.model_id)).run_passed


async def test_what_the_container_printed_can_be_read_afterwards(trials: Trials) -> None:
    load_id, work = await trials.request(TestKind.LOAD)
    await trials.load.run(work)
    await trials.clock.advance(1)
    run_id, work = await trials.request(TestKind.RUN)
    await trials.run.run(work)

    async with trials.database.read() as session:
        of_load = await find_trial_engine(session, await trials.read(load_id))
        engine = await find_trial_engine(session, await trials.read(run_id))
    assert engine is not None
    assert of_load is not None
    assert of_load.id != engine.id
    assert engine.technical_information == "the program has started\n"


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


async def test_a_test_file_that_breaks_the_schema_of_inputs(trials: Trials) -> None:
    values = {"inputs": [TEXT_INPUT | {"acceptedMediaTypes": "application/json"}], "input_validation_schema": "false"}
    async with trials.database.write() as session:
        await session.execute(update(Version).values(**values))
        await session.execute(update(TestInput).values(media_type="application/json"))
    await trials.storage.put("test-inputs/a", b'{"age": 5}')

    test = await trials.fails(trials.run, TestKind.RUN, TestFileBreaksSchema)

    assert "the input 'input.txt' breaks the version's schema of inputs" in str(test.error)
