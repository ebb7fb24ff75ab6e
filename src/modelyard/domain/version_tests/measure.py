"""Measures a version after its run test has passed: several items at once, for a bounded time.

Whatever happens here, the version has passed; a measurement that ends early says why.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from modelyard.adapters.container_protocols.base import NotReachable
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.launch import Launcher, RunningEngine
from modelyard.domain.inference.request import InferenceOptions
from modelyard.domain.version_tests.load_plan import LEVELS, LevelPlan, plan_level, too_much_at_once
from modelyard.domain.version_tests.load_run import LoadRun
from modelyard.domain.version_tests.report import Measurements
from modelyard.domain.version_tests.report_rows import finish_report, note_progress
from modelyard.domain.version_tests.use_sampler import UseSampler

_LEAST_SHARE = 1 / 60
"""Of the whole time, for each level: what answers at once is measured for a second, so that readings mean something."""
TURNED_OFF = "Load was not measured: the setting MODELYARD_TEST_REPORT_SECONDS is 0."


@dataclass(frozen=True, slots=True)
class Sample:
    """What is sent: one item, how it is run, and its size with that of its outputs (bytes)."""

    inputs: Mapping[str, bytes]
    options: InferenceOptions
    item_bytes: int = 0


class Measurer:
    """Measures engines that are ready.

    Args:
        most_seconds: for a whole measurement; 0 leaves it out.
    """

    def __init__(self, database: Database, clock: Clock, launcher: Launcher, *, most_seconds: float) -> None:
        self._database = database
        self._clock = clock
        self.launcher = launcher
        self.most_seconds = most_seconds

    async def measure(self, engine: RunningEngine, test_id: int, sample: Sample, found: Measurements) -> None:
        """Adds levels and use to what was found already, and finishes the report of a test."""
        if self.most_seconds > 0:
            found = await self._measure(engine, test_id, sample, found)
        else:
            found = replace(found, notes=(*found.notes, TURNED_OFF))
        async with self._database.write() as session:
            await finish_report(session, self._clock, test_id, found)

    async def _measure(self, engine: RunningEngine, test_id: int, sample: Sample, found: Measurements) -> Measurements:
        levels = _Levels(sample, engine)
        sampler = UseSampler(self.launcher.runtime, engine.container)
        reason = None
        try:
            async with asyncio.timeout(self.most_seconds) as limit, sampler.reading():
                for index, plan in enumerate(levels.plans):
                    step, share = f"Measuring {plan.at_once} at once", round(100 * index / len(levels.plans))
                    async with self._database.write() as session:
                        await note_progress(session, test_id, step, share)
                    await levels.run(plan, self.most_seconds)
        except NotReachable as error:
            reason = (await self.launcher.await_death(engine) or error).message
        except PlatformError as error:
            reason = error.message
        except TimeoutError:
            if not limit.expired():
                raise
            reason = f"a measurement may take {self.most_seconds:g} s in all"
        return replace(
            found,
            use=sampler.use or found.use,
            levels=tuple(run.level() for run in levels.runs),
            notes=(*found.notes, *levels.notes),
            ended_early=reason and f"{levels.where()}: {reason}",
        )


class _Levels:
    """The levels of one measurement, as far as it has come."""

    def __init__(self, sample: Sample, engine: RunningEngine) -> None:
        self._sample = sample
        self._engine = engine
        self.notes: list[str] = []
        self.plans: list[LevelPlan] = []
        self.runs: list[LoadRun] = []
        for at_once in LEVELS:
            plan = plan_level(at_once, protocol=engine.protocol_name, batch_size=max(1, engine.facts.batch_size))
            if why_not := too_much_at_once(plan, sample.item_bytes):
                self.notes.append(why_not)
            else:
                self.plans.append(plan)

    def where(self) -> str:
        """How far the measurement came, in words."""
        return f"while measuring {self.runs[-1].at_once} at once" if self.runs else "before anything was measured"

    async def run(self, plan: LevelPlan, seconds_for_all: float) -> None:
        """Runs one level; one share of the time is left for calls that are under way. Raises as `LoadRun.run`."""
        run = LoadRun(self._engine, plan, self._sample.inputs, self._sample.options)
        self.runs.append(run)
        share = seconds_for_all / (len(self.plans) + 1)
        await run.run(least_seconds=seconds_for_all * _LEAST_SHARE, most_seconds=share)
