"""The run test: the model answers its test files with what its version declares, within the run timeout."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update

from modelyard.adapters.container_protocols.base import (
    ItemOutcome,
    NotReachable,
    RunFailed,
    RunTimedOut,
    UnexpectedAnswer,
)
from modelyard.adapters.container_protocols.output_files import forget_outputs
from modelyard.adapters.storage.base import Storage
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError, UpstreamFailed
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.engines.plan import plan_for
from modelyard.domain.engines.trial import TrialEngines
from modelyard.domain.inference.outputs import OutputFile
from modelyard.domain.inference.request import InferenceOptions, ask, judge
from modelyard.domain.models.contract import DeclaredOutput, declared_inputs, declared_outputs
from modelyard.domain.models.passed_tests import RUN_DEPENDS_ON
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests import steps
from modelyard.domain.version_tests.container_facts import measure_facts, start_of
from modelyard.domain.version_tests.failure import record_failure
from modelyard.domain.version_tests.file_schema import require_schema
from modelyard.domain.version_tests.kept_outputs import FILES, claim_outputs, stored_outputs
from modelyard.domain.version_tests.load_process import summary
from modelyard.domain.version_tests.measure import Measurer, Sample
from modelyard.domain.version_tests.output_findings import find_problems
from modelyard.domain.version_tests.progress import TestProgress
from modelyard.domain.version_tests.report import Measurements, OutputFinding
from modelyard.domain.version_tests.report_rows import end_measuring, put_report
from modelyard.domain.version_tests.request import UNFINISHED, NotLoaded, newest_test
from modelyard.domain.version_tests.rows import LoadedTest, load_test_rows, require_unchanged
from modelyard.domain.version_tests.tables import TestKind
from modelyard.domain.version_tests.use_sampler import UseSampler
from modelyard.domain.work.queue import ClaimedWork
from modelyard.domain.work.retry import NotYet

INTERRUPTED = "the platform was stopped while it measured"


class RunTestFailed(UpstreamFailed):
    """The model did not give what its version declares."""

    def __init__(self, reason: str, information: str) -> None:
        super().__init__(f"The run test failed: {reason}", information)


class NoExplanation(UpstreamFailed):
    """An explanation was asked for, and none came."""

    def __init__(self) -> None:
        super().__init__("The run test asked for an explanation, but results.json has none under data.explanation.")


class RunVersion:
    """Runs the test files of a version; when that has passed, measures it under load."""

    def __init__(
        self, database: Database, clock: Clock, trials: TrialEngines, measurer: Measurer, storage: Storage
    ) -> None:
        self._database = database
        self._clock = clock
        self._trials = trials
        self._launcher = measurer.launcher
        self._measurer = measurer
        self._storage = storage

    async def run(self, work: ClaimedWork) -> None:
        loaded = await load_test_rows(self._database, work.payload["test"])
        if loaded is None:  # this is the second try: the first one ended after the decision
            async with self._database.write() as session:
                await end_measuring(session, self._clock, work.payload["test"], INTERRUPTED)
            return
        await self._require_loaded(loaded.version)
        progress = TestProgress(self._database, self._clock, loaded.test.id)
        await progress.enter(steps.LOADING, started_at=self._clock.now())
        await self._launcher.bring_image(plan_for(loaded.version))
        facts = await measure_facts(self._launcher.runtime, loaded.version)
        async with self._trials.start(plan_for(loaded.version)) as engine:
            await progress.enter(steps.FETCHING, engine=engine.name)
            sample = await self._sample(loaded)
            await progress.enter(steps.SUBMITTING)
            trial = _Trial(engine, replace(facts, start=start_of(engine)))
            try:
                outputs = await self._decide(trial, loaded, sample, progress)
            except PlatformError:
                await self._keep(loaded, trial.found)
                raise
            size = sum(map(len, sample.inputs.values())) + sum(output.size for output in outputs)
            plain = replace(sample, options=replace(sample.options, explain=False), item_bytes=size)
            await self._measurer.measure(engine, loaded.test.id, plain, trial.found)

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        await record_failure(self._database, self._clock, work.payload["test"], error)

    async def _decide(
        self, trial: "_Trial", loaded: LoadedTest, sample: Sample, progress: TestProgress
    ) -> tuple[OutputFile, ...]:
        """Runs the sample once and records that the test has passed. Raises what makes it fail."""
        outcome = await self._run_once(trial, sample)
        if outcome.error is None:
            found = await _find_problems(outcome, sample.options.outputs)
            trial.found = replace(trial.found, outputs_checked=True, output_findings=found)
        answer = await judge(outcome, sample.options.outputs)
        await progress.enter(steps.RECORDING)
        sampler = UseSampler(self._launcher.runtime, trial.engine.container)
        await sampler.read()
        trial.found = replace(trial.found, use=sampler.use)
        if answer.error:
            raise RunTestFailed(answer.error, await self._launcher.log_tail(trial.engine.container))
        async with stored_outputs(self._database, self._clock, self._storage, answer) as kept:
            if loaded.test.explain and not _has_explanation(kept.shown):
                raise NoExplanation
            async with self._database.write() as session:
                await require_unchanged(session, loaded.version, RUN_DEPENDS_ON)
                seen = {"run_passed": True} | ({"explains": True} if loaded.test.explain else {})
                await session.execute(update(Version).where(Version.id == loaded.version.id).values(seen))
                found_out = summary(trial.found) | ({FILES: kept.files} if kept.files else {})
                await progress.passed(session, outputs=kept.shown, measurements=found_out)
                await claim_outputs(session, self._clock, loaded.test, kept)
                await put_report(session, self._clock, loaded.test, loaded.version, trial.found, measures_on=True)
        return answer.outputs

    async def _run_once(self, trial: "_Trial", sample: Sample) -> ItemOutcome:
        began = time.perf_counter()
        engine = trial.engine
        try:
            [outcome] = await ask(engine, [sample.inputs], sample.options)
        except (RunFailed, UnexpectedAnswer) as error:
            return ItemOutcome({}, error.message)
        except RunTimedOut as error:
            raise RunTestFailed(error.message, await self._launcher.log_tail(engine.container)) from error
        except NotReachable as error:
            raise (await self._launcher.await_death(engine)) or RunTestFailed(
                error.message, await self._launcher.log_tail(engine.container)
            ) from error
        trial.found = replace(trial.found, first_call_ms=round((time.perf_counter() - began) * 1000))
        return outcome

    async def _keep(self, loaded: LoadedTest, found: Measurements) -> None:
        """What is known of a test that fails."""
        async with self._database.write() as session:
            await put_report(session, self._clock, loaded.test, loaded.version, found)

    async def _require_loaded(self, version: Version) -> None:
        async with self._database.read() as session:
            load = await newest_test(session, version.id, TestKind.LOAD)
            # Asked after the test: when that has ended, this is what came of it.
            has_passed = await session.scalar(select(Version.load_passed).where(Version.id == version.id))
        if has_passed:
            return
        if load is not None and load.state in UNFINISHED:
            raise NotYet("the load test is still running")
        raise NotLoaded(load.error if load else None)

    async def _sample(self, loaded: LoadedTest) -> Sample:
        version = loaded.version
        names = {entry.name for entry in declared_inputs(version)}
        files = [file for file in version.test_inputs if file.name in names]
        contents = await asyncio.gather(*(self._storage.get(file.storage_key) for file in files))
        await asyncio.to_thread(require_schema, version, files, contents)
        options = InferenceOptions(
            outputs=declared_outputs(version),
            run_timeout=(version.run_timeout_ms or 0) / 1000,
            explain=loaded.test.explain,
            detect_drift=True,
        )
        return Sample({file.name: data for file, data in zip(files, contents, strict=True)}, options)


class _Trial:
    """The engine of a run test, and what has been found out so far."""

    def __init__(self, engine: RunningEngine, found: Measurements) -> None:
        self.engine = engine
        self.found = found


async def _find_problems(outcome: ItemOutcome, declared: tuple[DeclaredOutput, ...]) -> tuple[OutputFinding, ...]:
    """What is wrong with the outputs. An output that changes meanwhile is an error of the test."""
    try:
        return await asyncio.to_thread(find_problems, outcome.outputs, declared)
    except BaseException:
        forget_outputs(outcome.outputs.values())
        raise


def _has_explanation(outputs: Mapping[str, Any]) -> bool:
    data = outputs.get("results.json")
    inner = data.get("data") if isinstance(data, dict) else None
    return isinstance(inner, dict) and inner.get("explanation") is not None
