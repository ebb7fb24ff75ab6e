"""Whatever happens to a job, in whatever order: its counts are those of its items, and nothing is lost."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from modelyard.core.database import Database
from modelyard.domain.jobs.claims import Claim, fail_open_items, give_back_items, put_back_items, release_items
from modelyard.domain.jobs.ending import JobEnded, cancel_job, end_overdue_jobs
from modelyard.domain.jobs.status import FINISHED, OPEN_ITEMS, ItemState, JobStatus
from modelyard.domain.jobs.tables import ItemOutput, Job, JobItem
from tests.cast import CAST
from tests.conftest import Template
from tests.domain.jobs.steps import claim, finish, submit
from tests.library import add_active
from tests.manual_clock import ManualClock

T = TypeVar("T")


class Jobs(RuleBasedStateMachine):
    """People submit and cancel, engines claim and answer or die, time passes, the platform restarts."""

    template: Template

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._directory = Path(tempfile.mkdtemp(prefix="jobs-"))
        self._stack = ExitStack()
        self._database = Database(self._stack.enter_context(self.template.copied(self._directory)))
        self._clock = ManualClock()
        self._model_id = self._do(add_active(self._database, CAST.alice))
        self._jobs: list[str] = []
        self._claims: list[Claim] = []
        self._owner = 0

    def teardown(self) -> None:
        self._do(self._database.close())
        self._runner.close()
        self._stack.close()
        shutil.rmtree(self._directory)

    def _do(self, action: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(action)

    @rule(number=st.integers(1, 4), timeout_ms=st.sampled_from([0, 0, 5000]))
    def submit(self, number: int, timeout_ms: int) -> None:
        stored = self._do(submit(self._database, self._clock, self._model_id, number=number, timeout_ms=timeout_ms))
        self._jobs.append(stored.job.id)

    @rule(most=st.integers(1, 3))
    def claim(self, most: int) -> None:
        claimed = self._do(claim(self._database, self._clock, most=most, owner=str(self._owner)))
        if claimed:
            self._claims.append(claimed)

    @rule(data=st.data(), errors=st.lists(st.sampled_from([None, "it broke"]), max_size=3), again=st.booleans())
    def finish(self, data: st.DataObject, errors: list[str | None], again: bool) -> None:
        if claimed := self._pick(data, keep=again):
            self._do(finish(self._database, self._clock, claimed, *errors))

    @rule(data=st.data())
    def engine_dies(self, data: st.DataObject) -> None:
        async def put_back(claimed: Claim) -> None:
            async with self._database.write() as session:
                await put_back_items(session, self._clock, claimed, claimed.items, "the engine died")

        if claimed := self._pick(data):
            self._do(put_back(claimed))

    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        async def give(claimed: Claim) -> None:
            async with self._database.write() as session:
                await give_back_items(session, claimed, claimed.items)

        if claimed := self._pick(data):
            self._do(give(claimed))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        async def cancel(job_id: str) -> None:
            async with self._database.write() as session:
                await cancel_job(session, self._clock, CAST.alice, job_id)

        if self._jobs:
            try:
                self._do(cancel(data.draw(st.sampled_from(self._jobs))))
            except JobEnded:
                return

    @rule()
    def time_passes(self) -> None:
        async def pass_time() -> None:
            await self._clock.advance(3)
            async with self._database.write() as session:
                await end_overdue_jobs(session, self._clock)

        self._do(pass_time())

    @rule()
    def restart(self) -> None:
        async def release() -> None:
            async with self._database.write() as session:
                await release_items(session, self._clock, except_owner=str(self._owner))

        self._owner += 1
        self._do(release())

    @rule()
    def engines_cannot_start(self) -> None:
        async def fail() -> None:
            async with self._database.write() as session:
                await fail_open_items(session, self._clock, 1, "no engine")

        self._do(fail())

    @invariant()
    def counts_are_those_of_the_items(self) -> None:
        for job, states, outputs in self._do(self._look()):
            successful, failed = states[ItemState.SUCCESSFUL], states[ItemState.FAILED]
            still_open = sum(states[state] for state in OPEN_ITEMS)
            assert sum(states.values()) == job.total
            assert (job.completed, job.failed, outputs) == (successful, failed, successful)
            assert (job.status in FINISHED) == (still_open == 0)
            assert (job.finished_at is not None) == (still_open == 0)
            assert (job.status == JobStatus.COMPLETED) == (successful + failed == job.total)

    async def _look(self) -> list[tuple[Job, Counter[str], int]]:
        found = []
        async with self._database.read() as session:
            for job_id in self._jobs:
                job = await session.get_one(Job, job_id)
                states = await session.scalars(select(JobItem.state).where(JobItem.job_id == job_id))
                outputs = select(func.count()).select_from(ItemOutput).join(JobItem).where(JobItem.job_id == job_id)
                found.append((job, Counter(states), await session.scalar(outputs) or 0))
        return found

    def _pick(self, data: st.DataObject, *, keep: bool = False) -> Claim | None:
        if not self._claims:
            return None
        index = data.draw(st.integers(0, len(self._claims) - 1))
        return self._claims[index] if keep else self._claims.pop(index)


@pytest.mark.timeout(120)
def test_counts_add_up(template: Template) -> None:
    class OnTemplate(Jobs):
        pass

    OnTemplate.template = template
    run_state_machine_as_test(
        OnTemplate,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
