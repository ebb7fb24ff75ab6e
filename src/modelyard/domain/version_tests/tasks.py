"""The work of testing versions: load the model in a real container, run it on the test files."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from modelyard.adapters.container_protocols.base import NotReachable, RunTimedOut
from modelyard.adapters.runtimes.base import ContainerNotFound
from modelyard.adapters.storage.base import Storage
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError, Unavailable, UpstreamFailed
from modelyard.domain.engines.launch import Launcher, RunningEngine
from modelyard.domain.engines.plan import plan_for
from modelyard.domain.engines.trial import TrialEngines
from modelyard.domain.images.tables import ImportState
from modelyard.domain.inference.outputs import JSON, OutputFile
from modelyard.domain.inference.request import InferenceOptions, infer
from modelyard.domain.models.contract import declared_inputs, declared_outputs
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.tables import Version
from modelyard.domain.models.versions import LOAD_DEPENDS_ON, RUN_DEPENDS_ON
from modelyard.domain.version_tests import steps
from modelyard.domain.version_tests.progress import TestProgress
from modelyard.domain.version_tests.request import UNFINISHED, ImageMissing, NotLoaded, newest_test
from modelyard.domain.version_tests.rows import LoadedTest, load_test_rows, require_unchanged
from modelyard.domain.version_tests.tables import TestKind
from modelyard.domain.work.queue import ClaimedWork
from modelyard.domain.work.retry import NotYet

LARGEST_SHOWN_OUTPUT = 1_000_000


class RunTestFailed(UpstreamFailed):
    """The model did not give what its version declares."""

    def __init__(self, reason: str, information: str) -> None:
        super().__init__(f"The run test failed: {reason}", information)


class NoExplanation(UpstreamFailed):
    """An explanation was asked for, and none came."""

    def __init__(self) -> None:
        super().__init__("The run test asked for an explanation, but results.json has none under data.explanation.")


class LoadVersion:
    """The load test: the container starts within its limits, and its model becomes ready in time."""

    def __init__(self, database: Database, clock: Clock, trials: TrialEngines, launcher: Launcher) -> None:
        self._database = database
        self._clock = clock
        self._trials = trials
        self._launcher = launcher

    async def run(self, work: ClaimedWork) -> None:
        loaded = await load_test_rows(self._database, work.payload["test"])
        if loaded is None:
            return
        version = loaded.version
        if version.image is None or version.image.state == ImportState.FAILED:
            raise ImageMissing(version.image.error if version.image else None)
        if version.image.state != ImportState.COMPLETED:
            raise NotYet("the image is still being imported")
        progress = TestProgress(self._database, self._clock, loaded.test.id)
        await progress.enter(steps.LOADING, started_at=self._clock.now())
        if version.requirement_id == EDGE_ID:
            await self._pass(progress, version, None, {})
            return
        async with self._trials.start(plan_for(version)) as engine:
            await progress.enter(steps.CHECKING, engine=engine.name)
            measurements = await _measure(self._launcher, engine)
        await self._pass(progress, version, engine, measurements)

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        await TestProgress(self._database, self._clock, work.payload["test"]).failed(error)

    async def _pass(
        self, progress: TestProgress, version: Version, engine: RunningEngine | None, measurements: dict[str, Any]
    ) -> None:
        facts: dict[str, Any] = {"load_passed": True}
        if engine:
            facts["batch_size"] = max(1, engine.facts.batch_size)
            facts["explains"] = engine.facts.explains
            facts["detects_drift"] = engine.facts.detects_drift
        async with self._database.write() as session:
            await require_unchanged(session, version, LOAD_DEPENDS_ON)
            await session.execute(update(Version).where(Version.id == version.id).values(**facts))
            await progress.passed(session, measurements=measurements)


class RunVersion:
    """The run test: the model answers its test files with what its version declares, within the run timeout."""

    def __init__(
        self, database: Database, clock: Clock, trials: TrialEngines, launcher: Launcher, storage: Storage
    ) -> None:
        self._database = database
        self._clock = clock
        self._trials = trials
        self._launcher = launcher
        self._storage = storage

    async def run(self, work: ClaimedWork) -> None:
        loaded = await load_test_rows(self._database, work.payload["test"])
        if loaded is None:
            return
        await self._require_loaded(loaded.version)
        progress = TestProgress(self._database, self._clock, loaded.test.id)
        await progress.enter(steps.LOADING, started_at=self._clock.now())
        async with self._trials.start(plan_for(loaded.version)) as engine:
            await progress.enter(steps.FETCHING, engine=engine.name)
            inputs = await self._inputs(loaded.version)
            await progress.enter(steps.SUBMITTING)
            outputs, latency_ms = await self._infer(engine, loaded, inputs)
            await progress.enter(steps.RECORDING)
            measurements = {**await _measure(self._launcher, engine), "latency_ms": latency_ms}
        shown = {output.name: _shown(output) for output in outputs}
        if loaded.test.explain and not _has_explanation(shown):
            raise NoExplanation
        async with self._database.write() as session:
            await require_unchanged(session, loaded.version, RUN_DEPENDS_ON)
            seen = {"run_passed": True} | ({"explains": True} if loaded.test.explain else {})
            await session.execute(update(Version).where(Version.id == loaded.version.id).values(seen))
            await progress.passed(session, outputs=shown, measurements=measurements)

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        await TestProgress(self._database, self._clock, work.payload["test"]).failed(error)

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

    async def _inputs(self, version: Version) -> dict[str, bytes]:
        names = {entry.name for entry in declared_inputs(version)}
        files = [file for file in version.test_inputs if file.name in names]
        contents = await asyncio.gather(*(self._storage.get(file.storage_key) for file in files))
        return {file.name: data for file, data in zip(files, contents, strict=True)}

    async def _infer(
        self, engine: RunningEngine, loaded: LoadedTest, inputs: Mapping[str, bytes]
    ) -> tuple[tuple[OutputFile, ...], int]:
        options = InferenceOptions(
            outputs=declared_outputs(loaded.version),
            run_timeout=(loaded.version.run_timeout_ms or 0) / 1000,
            explain=loaded.test.explain,
            detect_drift=True,
        )
        began = time.perf_counter()
        try:
            answer = (await infer(engine, [inputs], options))[0]
        except RunTimedOut as error:
            raise RunTestFailed(error.message, await self._launcher.log_tail(engine.container)) from error
        except NotReachable as error:
            raise (await self._launcher.await_death(engine)) or RunTestFailed(
                error.message, await self._launcher.log_tail(engine.container)
            ) from error
        if answer.error:
            raise RunTestFailed(answer.error, await self._launcher.log_tail(engine.container))
        return answer.outputs, round((time.perf_counter() - began) * 1000)


async def _measure(launcher: Launcher, engine: RunningEngine) -> dict[str, Any]:
    measurements: dict[str, Any] = {
        "start_ms": engine.start_ms,
        "ready_ms": engine.ready_ms,
        "protocol": engine.protocol_name,
    }
    try:
        use = await launcher.runtime.resource_use(engine.container)
    except (ContainerNotFound, Unavailable):
        return measurements
    return {**measurements, "peak_memory_bytes": use.peak_memory_bytes, "cpu_seconds": use.cpu_seconds}


def _shown(output: OutputFile) -> Any:
    if output.media_type == JSON and len(output.data) <= LARGEST_SHOWN_OUTPUT:
        return json.loads(output.data)
    return {"mediaType": output.media_type, "size": len(output.data)}


def _has_explanation(outputs: Mapping[str, Any]) -> bool:
    data = outputs.get("results.json")
    inner = data.get("data") if isinstance(data, dict) else None
    return isinstance(inner, dict) and inner.get("explanation") is not None
