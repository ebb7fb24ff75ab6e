"""Whatever happens to a job, in whatever order: its counts are those of its items, and nothing is lost."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from modelyard.core.database import Database
from modelyard.domain.jobs import prepare
from modelyard.domain.jobs.claims import Claim
from modelyard.domain.jobs.status import FINISHED, OPEN_ITEMS, UNFINISHED_ITEMS, ItemState, JobStatus
from tests.conftest import Template
from tests.domain.jobs.world import LARGEST_INPUT, MOST_ITEMS, Seen, World

T = TypeVar("T")
SERVERS = st.sampled_from(["one", "two"])
TIMEOUTS = st.sampled_from([0, 0, 5000])
ROWS = st.lists(st.sampled_from([{"input.txt": "a"}, {"input.txt": None}]), max_size=MOST_ITEMS + 1)
SIZES = st.sampled_from([0, 1, 70_000, LARGEST_INPUT])


class Jobs(RuleBasedStateMachine):
    """People send, upload and cancel, engines claim and answer or die, time passes, servers restart and take over."""

    template: Template

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._directory = Path(tempfile.mkdtemp(prefix="jobs-"))
        self._stack = ExitStack()
        self._world = World(Database(self._stack.enter_context(self.template.copied(self._directory))))
        self._do(self._world.begin())
        self._jobs: list[str] = []
        self._claims: list[Claim] = []
        self._ended: dict[str, dict[int, str]] = {}
        self._removed_successes = 0
        self._successes: dict[str, int] = {}

    def teardown(self) -> None:
        self._do(self._world.database.close())
        self._runner.close()
        self._stack.close()
        shutil.rmtree(self._directory)

    def _do(self, action: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(action)

    @rule(number=st.integers(1, MOST_ITEMS), timeout_ms=TIMEOUTS)
    def submit(self, number: int, timeout_ms: int) -> None:
        self._jobs.append(self._do(self._world.submit(number, timeout_ms)))

    @rule(timeout_ms=TIMEOUTS)
    def open(self, timeout_ms: int) -> None:
        self._jobs.append(self._do(self._world.uploader.open(self._world.model_id, timeout_ms=timeout_ms)))

    @rule(rows=ROWS, breaks_after=st.none() | st.integers(0, 3))
    def submit_query(self, rows: list[Any], breaks_after: int | None) -> None:
        self._jobs.append(self._do(self._world.submit_query(rows, breaks_after)))

    @rule(data=st.data(), item=st.sampled_from("abcde"), size=SIZES, offset=st.none() | SIZES)
    def upload(self, data: st.DataObject, item: str, size: int, offset: int | None) -> None:
        if self._jobs:
            self._do(self._world.upload(self._any_job(data), item, size, offset))

    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        if self._jobs:
            self._do(self._world.close(self._any_job(data)))

    @rule(server=SERVERS, dies=st.booleans())
    def prepare(self, server: str, dies: bool) -> None:
        self._do(self._world.prepare(server, dies=dies))

    @rule(server=SERVERS, most=st.integers(1, 3))
    def claim(self, server: str, most: int) -> None:
        if claimed := self._do(self._world.claim(server, most)):
            self._claims.append(claimed)

    @rule(
        data=st.data(),
        errors=st.lists(st.sampled_from([None, "it broke"]), max_size=3),
        again=st.booleans(),
        large=st.booleans(),
    )
    def finish(self, data: st.DataObject, errors: list[str | None], again: bool, large: bool) -> None:
        if claimed := self._pick(data, keep=again):
            self._do(self._world.finish(claimed, errors, large))

    @rule(data=st.data())
    def engine_dies(self, data: st.DataObject) -> None:
        if claimed := self._pick(data):
            self._do(self._world.put_back(claimed))

    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        if claimed := self._pick(data):
            self._do(self._world.give_back(claimed))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self._jobs:
            self._do(self._world.cancel(self._any_job(data)))

    @rule()
    def cancel_all(self) -> None:
        self._do(self._world.cancel_all())

    @rule(hours=st.sampled_from([0.001, 0.001, 0.001, 25, 49]))
    def time_passes(self, hours: float) -> None:
        self._do(self._world.pass_time(hours))

    @rule(server=SERVERS)
    def restart(self, server: str) -> None:
        self._do(self._world.restart(server))

    @rule()
    def engines_cannot_start(self) -> None:
        self._do(self._world.cannot_start())

    @invariant()
    def what_there_is_adds_up(self) -> None:
        seen = self._do(self._world.look(self._jobs))
        self._forget_removed(seen)
        for job_id, one in seen.items():
            _counts_are_those_of_the_items(one)
            self._ended_jobs_stay_as_they_are(job_id, one)
            self._successes[job_id] = one.states[ItemState.SUCCESSFUL]
        waiting = sum(one.states[state] for one in seen.values() for state in OPEN_ITEMS)
        charged = sum(self._successes.values()) + self._removed_successes + waiting
        assert self._do(self._world.used()) == charged
        assert self._do(self._world.lost_files()) == set()

    def _forget_removed(self, seen: dict[str, Seen]) -> None:
        for job_id in [job_id for job_id in self._jobs if job_id not in seen]:
            assert job_id in self._ended, "only what has ended is removed"
            self._removed_successes += self._successes.pop(job_id, 0)
            self._jobs.remove(job_id)

    def _ended_jobs_stay_as_they_are(self, job_id: str, seen: Seen) -> None:
        if seen.job.status in FINISHED:
            assert self._ended.setdefault(job_id, seen.by_item) == seen.by_item
        else:
            assert job_id not in self._ended

    def _any_job(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self._jobs))

    def _pick(self, data: st.DataObject, *, keep: bool = False) -> Claim | None:
        if not self._claims:
            return None
        index = data.draw(st.integers(0, len(self._claims) - 1))
        return self._claims[index] if keep else self._claims.pop(index)


def _counts_are_those_of_the_items(seen: Seen) -> None:
    job, states = seen.job, seen.states
    successful, failed = states[ItemState.SUCCESSFUL], states[ItemState.FAILED]
    has_ended = job.status in FINISHED
    if job.is_preparing:
        assert (job.status, job.total, job.completed, job.failed) == (JobStatus.SUBMITTED, 0, 0, 0)
        assert states.total() == states[ItemState.HELD]
        return
    assert states.total() == job.total
    assert (job.completed, job.failed) == (successful, failed)
    assert seen.outputs == (0 if job.results_deleted_at else successful)
    if job.status == JobStatus.OPEN:
        assert states.total() == states[ItemState.HELD]
        assert job.finished_at is None
        return
    still_open = sum(states[state] for state in UNFINISHED_ITEMS)
    assert states[ItemState.HELD] == 0
    assert has_ended == (still_open == 0)
    assert (job.finished_at is not None) == has_ended
    if has_ended and job.total:
        assert (job.status == JobStatus.COMPLETED) == (successful + failed == job.total)


@pytest.mark.timeout(120)
def test_counts_add_up(template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "ITEMS_TOGETHER", 1)

    class OnTemplate(Jobs):
        pass

    OnTemplate.template = template
    run_state_machine_as_test(
        OnTemplate,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
