"""The load test: the version's container starts within its limits, and its model becomes ready in time."""

from dataclasses import replace
from typing import Any

from sqlalchemy import update

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.launch import Launcher, RunningEngine
from modelyard.domain.engines.plan import plan_for
from modelyard.domain.engines.trial import TrialEngines
from modelyard.domain.images.tables import ImportState
from modelyard.domain.models.passed_tests import LOAD_DEPENDS_ON
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests import steps
from modelyard.domain.version_tests.container_facts import measure_facts, start_of
from modelyard.domain.version_tests.failure import record_failure
from modelyard.domain.version_tests.progress import TestProgress
from modelyard.domain.version_tests.report import Measurements
from modelyard.domain.version_tests.report_rows import put_report
from modelyard.domain.version_tests.request import ImageMissing
from modelyard.domain.version_tests.rows import LoadedTest, load_test_rows, require_unchanged
from modelyard.domain.version_tests.use_sampler import UseSampler
from modelyard.domain.work.queue import ClaimedWork
from modelyard.domain.work.retry import NotYet

NOT_RUN = "Only the load test has run; the run test measures latency and checks outputs."


class LoadVersion:
    """Loads the model of a version in a real container."""

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
            await self._pass(progress, loaded, None, None)
            return
        async with self._trials.start(plan_for(version)) as engine:
            await progress.enter(steps.CHECKING, engine=engine.name)
            sampler = UseSampler(self._launcher.runtime, engine.container)
            await sampler.read()
        found = await measure_facts(self._launcher.runtime, version)
        notes = (*found.notes, NOT_RUN)
        found = replace(found, start=start_of(engine), use=sampler.use, notes=notes)
        await self._pass(progress, loaded, engine, found)

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        await record_failure(self._database, self._clock, work.payload["test"], error)

    async def _pass(
        self, progress: TestProgress, loaded: LoadedTest, engine: RunningEngine | None, found: Measurements | None
    ) -> None:
        version = loaded.version
        facts: dict[str, Any] = {"load_passed": True}
        if engine:
            facts["batch_size"] = max(1, engine.facts.batch_size)
            facts["explains"] = engine.facts.explains
            facts["detects_drift"] = engine.facts.detects_drift
        async with self._database.write() as session:
            await require_unchanged(session, version, LOAD_DEPENDS_ON)
            await session.execute(update(Version).where(Version.id == version.id).values(**facts))
            await progress.passed(session, measurements=summary(found) if found else {})
            if found:
                await put_report(session, self._clock, loaded.test, version, found)


def summary(found: Measurements) -> dict[str, Any]:
    """What the result of a test itself says of its measurements."""
    short: dict[str, Any] = {}
    if found.start:
        short |= {"start_ms": found.start.start_ms, "ready_ms": found.start.ready_ms, "protocol": found.start.protocol}
    if found.use:
        short |= {"peak_memory_bytes": found.use.peak_memory_bytes, "cpu_seconds": found.use.cpu_seconds}
    if found.first_call_ms is not None:
        short["latency_ms"] = found.first_call_ms
    return short
