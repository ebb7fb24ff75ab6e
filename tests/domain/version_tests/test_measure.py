"""Measurements after a run test that has passed: what they find, and that nothing in them undoes the pass."""

import asyncio
from collections.abc import Mapping

import pytest

from modelyard.adapters.container_protocols.base import ItemOutcome, ModelFacts, NotReachable
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.launch import INSTALLATION_LABEL
from modelyard.domain.version_tests.failure import NOTHING_RAN
from modelyard.domain.version_tests.load_process import NOT_RUN
from modelyard.domain.version_tests.measure import TURNED_OFF
from modelyard.domain.version_tests.report import Mode, Problem
from modelyard.domain.version_tests.run_process import INTERRUPTED, RunTestFailed
from modelyard.domain.version_tests.tables import ReportState, TestKind, TestState
from tests.domain.version_tests.trials import Trials
from tests.library import read_version_row
from tests.machine import answer_json


async def passes(trials: Trials) -> int:
    """Runs the run test, which passes; its id."""
    test_id, work = await trials.request(TestKind.RUN)
    await trials.run.run(work)
    assert (await trials.read(test_id)).state == TestState.PASSED
    assert (await read_version_row(trials.database, trials.model_id)).run_passed
    assert await trials.machine.runtime.list_containers(INSTALLATION_LABEL, "here") == []
    return test_id


async def test_the_whole_report(trials: Trials) -> None:
    await passes(trials)
    report = await trials.report()

    assert (report.kind, report.passed, report.state, report.percentage) == ("run", True, ReportState.COMPLETED, 100)
    assert (report.changed_since, report.measured.notes, report.measured.ended_early) == ((), (), None)
    measured = report.measured
    assert [level.at_once for level in measured.levels] == [1, 4, 16]
    assert all(level.items >= 100 and level.errors == 0 and level.is_complete for level in measured.levels)
    assert all(level.latency_p50_ms is not None for level in measured.levels)
    assert measured.image is not None
    assert measured.image.biggest_layers[0].created_by == "COPY model /"
    assert measured.hardware is not None
    assert (measured.hardware.preset_id, measured.hardware.machine_cpus) == (1, 2)
    assert measured.start is not None
    assert measured.start.protocol == "fake"
    assert measured.use is not None
    assert measured.use.peak_memory_bytes > 0
    assert (measured.outputs_checked, measured.output_findings) == (True, ())
    suggested = report.suggestions
    assert suggested.preset is not None
    assert suggested.preset.preset is not None
    assert suggested.status_timeout is not None
    assert suggested.run_timeout is not None
    assert suggested.engines is not None


async def test_a_container_that_batches_is_measured_in_batches(trials: Trials) -> None:
    trials.machine.program.facts = ModelFacts(batch_size=8)
    await passes(trials)

    assert {level.mode for level in (await trials.report()).measured.levels} == {Mode.BATCH}
    assert {len(items) for items in trials.machine.program.runs} == {1, 4, 8}


async def test_errors_under_load_are_counted(trials: Trials) -> None:
    calls = iter(range(10_000_000))
    trials.machine.program.answer = lambda inputs: (
        ItemOutcome({}, "too busy") if next(calls) % 2 else answer_json(inputs)
    )
    await passes(trials)
    report = await trials.report()

    assert report.state == ReportState.COMPLETED
    assert all(level.errors > 0 and level.error_examples == ("too busy",) for level in report.measured.levels)


async def test_a_container_that_dies_under_load(trials: Trials) -> None:
    calls = iter(range(10_000_000))

    def die_later(inputs: Mapping[str, bytes]) -> ItemOutcome:
        if next(calls) > 3:
            for container in trials.machine.running:
                container.end(137, out_of_memory=True)
            raise NotReachable("The connection broke.")
        return answer_json(inputs)

    trials.machine.program.answer = die_later
    await passes(trials)
    report = await trials.report()

    assert report.state == ReportState.ENDED_EARLY
    assert "while measuring 1 at once" in (report.measured.ended_early or "")
    assert "memory" in (report.measured.ended_early or "")
    (level,) = report.measured.levels
    assert (level.items, level.is_complete) == (3, False)
    assert report.passed


async def test_the_time_is_bounded(trials: Trials) -> None:
    trials.machine.program.run_seconds = 0.03
    trials.measurer.most_seconds = 0.05
    await passes(trials)
    report = await trials.report()

    assert report.state == ReportState.ENDED_EARLY
    assert "may take 0.05 s in all" in (report.measured.ended_early or "")


async def test_time_that_is_over_before_the_first_level(trials: Trials) -> None:
    trials.measurer.most_seconds = 1e-9
    await passes(trials)
    report = await trials.report()

    assert report.state == ReportState.ENDED_EARLY
    assert "before anything was measured: a measurement may take" in (report.measured.ended_early or "")
    assert report.passed


async def test_it_can_be_turned_off(trials: Trials) -> None:
    trials.measurer.most_seconds = 0
    await passes(trials)
    report = await trials.report()

    assert (report.state, report.measured.levels, report.measured.notes) == (ReportState.COMPLETED, (), (TURNED_OFF,))
    assert len(trials.machine.program.runs) == 1


async def test_a_restart_while_measuring(trials: Trials) -> None:
    trials.machine.program.run_seconds = 0.2
    test_id, work = await trials.request(TestKind.RUN)
    running = asyncio.create_task(trials.run.run(work))
    async with asyncio.timeout(5):
        while len(trials.machine.program.runs) < 2:  # noqa: ASYNC110 - the fake rings no bell
            await asyncio.sleep(0.01)
    assert (await trials.report()).state == ReportState.MEASURING
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await trials.run.run(work)  # what the next process does

    report = await trials.report()
    assert (report.state, report.measured.ended_early) == (ReportState.ENDED_EARLY, INTERRUPTED)
    assert report.measured.start is not None
    assert (await trials.read(test_id)).state == TestState.PASSED


async def test_a_failure_of_ours_does_not_undo_the_pass(trials: Trials) -> None:
    trials.measurer.most_seconds = 0
    test_id, work = await trials.request(TestKind.RUN)
    await trials.run.run(work)
    await trials.run.give_up(work, PlatformError("The platform failed unexpectedly."))

    assert (await trials.read(test_id)).state == TestState.PASSED
    assert (await trials.report()).passed


@pytest.mark.parametrize(
    ("outputs", "problems"),
    [
        ({"results.json": b"no json"}, {Problem.INVALID_JSON}),
        ({"result.json": b"{}"}, {Problem.MISSING, Problem.UNDECLARED}),
        ({"results.json": b'"' + b"a" * 200_000 + b'"'}, {Problem.TOO_LARGE}),
    ],
)
async def test_a_failed_run_test_says_what_is_wrong_with_the_outputs(
    trials: Trials, outputs: dict[str, bytes], problems: set[Problem]
) -> None:
    trials.machine.program.answer = lambda _: ItemOutcome(outputs)
    await trials.fails(trials.run, TestKind.RUN, RunTestFailed)
    report = await trials.report()

    assert (report.passed, report.state, report.measured.levels) == (False, ReportState.COMPLETED, ())
    assert {finding.problem for finding in report.measured.output_findings} == problems
    assert report.error
    assert report.measured.start is not None


async def test_undeclared_outputs_are_found_and_do_no_harm(trials: Trials) -> None:
    trials.machine.program.answer = lambda inputs: ItemOutcome({**answer_json(inputs).outputs, "log.txt": b"x"})
    await passes(trials)
    (finding,) = (await trials.report()).measured.output_findings

    assert (finding.output, finding.problem) == ("log.txt", Problem.UNDECLARED)


async def test_a_load_test_leaves_what_it_knows(trials: Trials) -> None:
    _, work = await trials.request(TestKind.LOAD)
    await trials.load.run(work)
    report = await trials.report()

    assert (report.kind, report.passed, report.state) == ("load", True, ReportState.COMPLETED)
    assert report.measured.notes == (NOT_RUN,)
    assert report.measured.start is not None
    assert report.measured.use is not None
    assert report.suggestions.status_timeout is not None
    assert (report.suggestions.run_timeout, report.suggestions.engines) == (None, None)


async def test_a_failed_load_test_leaves_its_reason(trials: Trials) -> None:
    trials.machine.exit_code = 2
    trials.machine.program.listens = False
    await trials.fails(trials.load, TestKind.LOAD, PlatformError)
    report = await trials.report()

    assert (report.passed, report.measured.notes) == (False, (NOTHING_RAN,))
    assert "exit code 2" in (report.error or "")


async def test_a_new_test_replaces_the_report(trials: Trials) -> None:
    await passes(trials)
    trials.machine.program.facts = ModelFacts(batch_size=8)
    await passes(trials)

    assert {level.mode for level in (await trials.report()).measured.levels} == {Mode.BATCH}
