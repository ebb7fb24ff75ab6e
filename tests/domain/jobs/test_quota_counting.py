"""Quotas and jobs: counted with the submission, credited back once, exact whoever submits at the same time."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from modelyard.core.database import Database
from modelyard.domain.accounts.quota_queries import UsedQuota
from modelyard.domain.accounts.quota_uses import QuotaUsedUp
from modelyard.domain.accounts.quotas import delete_quota
from modelyard.domain.jobs.claims import Claim, fail_open_items, put_back_items, release_items
from modelyard.domain.jobs.ending import cancel_job, end_overdue_jobs
from modelyard.domain.jobs.status import MOST_ATTEMPTS, MOST_INTERRUPTIONS, OPEN_ITEMS, ItemState
from modelyard.domain.jobs.submit import Submission
from modelyard.domain.jobs.tables import Job, JobItem
from tests.cast import CAST
from tests.conftest import Template
from tests.domain.accounts.quota_steps import add_project, add_quota, key_of_project, used_of
from tests.domain.jobs.steps import claim, finish, read_job_row, submit, submitter
from tests.library import add_active, set_scope
from tests.manual_clock import ManualClock

ALICE, BOB, OLGA = CAST.alice, CAST.bob, CAST.olga


@pytest.fixture
async def model_id(database: Database) -> str:
    model_id = await add_active(database, ALICE)
    await set_scope(database, model_id, "ACCOUNT")
    return model_id


async def _jobs(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(Job)) or 0


async def test_a_users_jobs_count_against_the_user_and_the_team(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    user = await add_quota(database, 10, user=ALICE.user_id)
    team = await add_quota(database, 10, team=ALICE.team_id)
    other = await add_quota(database, 10, user=OLGA.user_id)
    await submit(database, clock, model_id, number=2)
    await submit(database, clock, model_id, number=3, actor=BOB)

    assert [await used_of(database, quota) for quota in (user, team, other)] == [[2], [5], []]


async def test_a_projects_jobs_count_against_the_project_and_the_team(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    project = await add_project(database)
    bound: list[dict[str, Any]] = [{"user": ALICE.user_id}, {"team": ALICE.team_id}, {"project": project.id}]
    quotas = [await add_quota(database, 10, **whom) for whom in bound]
    stored = await submit(database, clock, model_id, number=4, actor=key_of_project(project))

    assert [await used_of(database, quota) for quota in quotas] == [[], [4], [4]]
    assert len((await read_job_row(database, stored.job.id)).charges) == 2


async def test_a_team_cannot_go_around_its_quota_with_projects(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    await add_quota(database, 5, team=ALICE.team_id)
    projects = [await add_project(database) for _ in range(2)]
    await submit(database, clock, model_id, number=3)
    await submit(database, clock, model_id, number=2, actor=key_of_project(projects[0]))
    with pytest.raises(QuotaUsedUp, match="team-vision"):
        await submit(database, clock, model_id, number=1, actor=key_of_project(projects[1]))


async def test_a_job_that_does_not_fit_is_refused_whole(database: Database, clock: ManualClock, model_id: str) -> None:
    user = await add_quota(database, 10, user=ALICE.user_id)
    team = await add_quota(database, 4, team=ALICE.team_id, period="hourly")
    await submit(database, clock, model_id, number=3)
    with pytest.raises(QuotaUsedUp) as refused:
        await submit(database, clock, model_id, number=2)

    assert [await used_of(database, quota) for quota in (user, team)] == [[3], [3]]
    assert await _jobs(database) == 1
    assert refused.value.message == (
        "The hourly quota of the team team-vision is 4 items; 1 of them are left, and this job has 2. "
        "It renews at 2026-01-02T04:00:00+00:00. Submit fewer items, or ask an administrator for a larger quota."
    )
    assert refused.value.retry_after == 55 * 60 + 55


async def test_refused_job_leaves_no_inputs_behind(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, ALICE, inputs=[{"name": "input.txt", "maximumSize": 10**6, **_TEXT}])
    await add_quota(database, 0, user=ALICE.user_id)
    taker = submitter(database, clock)
    with pytest.raises(QuotaUsedUp):
        await taker.submit(ALICE, Submission(model_id, "0.1.0", "text", {"a": {"input.txt": "x" * 500_000}}))

    assert await taker._blobs.storage.delete_below("inputs") == 0


_TEXT = {"acceptedMediaTypes": "text/plain", "description": ""}


@pytest.mark.parametrize(
    ("quota", "items", "retry", "words"),
    [
        ({"amount": 4, "period": "daily"}, 5, None, "renews at 2026-01-03"),
        ({"amount": 4, "period": None}, 5, None, "does not renew"),
        ({"amount": 4, "ends_at": datetime(2026, 1, 2, 4, tzinfo=UTC)}, 5, 3355, "ends at 2026-01-02T04"),
        ({"amount": 9, "period": "daily", "ends_at": datetime(2026, 1, 2, 4, tzinfo=UTC)}, 10, 3355, "ends at"),
    ],
)
async def test_when_trying_again_makes_sense(
    database: Database,
    clock: ManualClock,
    model_id: str,
    quota: dict[str, Any],
    items: int,
    retry: int | None,
    words: str,
) -> None:
    await add_quota(database, user=ALICE.user_id, **quota)
    with pytest.raises(QuotaUsedUp, match=words) as refused:
        await submit(database, clock, model_id, number=items)

    assert refused.value.retry_after == retry


async def test_each_window_counts_by_itself(database: Database, clock: ManualClock, model_id: str) -> None:
    quota = await add_quota(database, 3, user=ALICE.user_id, period="hourly")
    first = await submit(database, clock, model_id, number=3)
    await clock.advance(3600)
    await submit(database, clock, model_id, number=2)
    async with database.write() as session:
        await cancel_job(session, clock, ALICE, first.job.id)

    assert await used_of(database, quota) == [0, 2]


async def test_quota_holds_between_its_times_only(database: Database, clock: ManualClock, model_id: str) -> None:
    start, end = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2)
    quota = await add_quota(database, 1, user=ALICE.user_id, starts_at=start, ends_at=end)
    await submit(database, clock, model_id, number=5)
    await clock.advance(3600)
    await submit(database, clock, model_id, number=1)
    with pytest.raises(QuotaUsedUp):
        await submit(database, clock, model_id, number=1)
    await clock.advance(3600)
    await submit(database, clock, model_id, number=5)

    assert await used_of(database, quota) == [1]


async def test_items_that_are_wrong_by_themselves_cost_nothing(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    quota = await add_quota(database, 1, user=ALICE.user_id)
    sources = {"good": {"input.txt": "a"}, "bad": {}, "worse": 5}
    await submitter(database, clock).submit(ALICE, Submission(model_id, "0.1.0", "text", sources))

    assert await used_of(database, quota) == [1]


async def _cancel(database: Database, clock: ManualClock, job_id: str) -> None:
    async with database.write() as session:
        await cancel_job(session, clock, ALICE, job_id)


async def _time_out(database: Database, clock: ManualClock, job_id: str) -> None:
    await clock.advance(10)
    async with database.write() as session:
        await end_overdue_jobs(session, clock)


async def _fail_waiting(database: Database, clock: ManualClock, job_id: str) -> None:
    async with database.write() as session:
        await fail_open_items(session, clock, 1, "no engine")


async def _wear_out(database: Database, clock: ManualClock, job_id: str) -> None:
    for _ in range(4 * MOST_ATTEMPTS):
        claimed = await claim(database, clock, most=9)
        if claimed is None:
            return
        async with database.write() as session:
            await put_back_items(session, clock, claimed, claimed.items, "the engine died")


async def _end_our_process(database: Database, clock: ManualClock, job_id: str) -> None:
    for number in range(MOST_INTERRUPTIONS):
        await claim(database, clock, most=9, owner=f"process {number}")
        async with database.write() as session:
            await release_items(session, clock, except_owner="next")


@pytest.mark.parametrize("end", [_cancel, _time_out, _fail_waiting, _wear_out, _end_our_process])
async def test_every_end_without_a_result_is_credited_back_once(
    database: Database,
    clock: ManualClock,
    model_id: str,
    end: Callable[[Database, ManualClock, str], Awaitable[None]],
) -> None:
    quotas = [await add_quota(database, 9, user=ALICE.user_id), await add_quota(database, 9, team=ALICE.team_id)]
    job = (await submit(database, clock, model_id, number=5, timeout_ms=5000)).job
    claimed = await claim(database, clock, most=2)
    assert claimed is not None
    await finish(database, clock, claimed, "it broke", None)
    await finish(database, clock, claimed, "it broke", "again")
    halfway = [await used_of(database, quota) for quota in quotas]
    await end(database, clock, job.id)
    await _cancel_if_it_runs(database, clock, job.id)

    assert halfway == [[4], [4]]
    assert [await used_of(database, quota) for quota in quotas] == [[1], [1]]


async def _cancel_if_it_runs(database: Database, clock: ManualClock, job_id: str) -> None:
    if (await read_job_row(database, job_id)).status in {"SUBMITTED", "IN_PROGRESS"}:
        await _cancel(database, clock, job_id)


async def test_credit_of_a_deleted_quota_is_nothing(database: Database, clock: ManualClock, model_id: str) -> None:
    quota = await add_quota(database, 9, user=ALICE.user_id)
    job = (await submit(database, clock, model_id, number=5)).job
    async with database.write() as session:
        await delete_quota(session, clock, OLGA, quota.quota.id)
    await _cancel(database, clock, job.id)

    assert await used_of(database, quota) == []


@pytest.mark.parametrize("outcome", [None, "it broke"])
async def test_outcomes_cost_no_statement_more_without_charges(
    database: Database, clock: ManualClock, model_id: str, outcome: str | None
) -> None:
    numbers = []
    for is_charged in (False, True):
        if is_charged:
            await add_quota(database, 9, user=ALICE.user_id)
        await submit(database, clock, model_id, number=1)
        claimed = await claim(database, clock)
        assert claimed is not None
        numbers.append(await _statements_of(database, partial(finish, database, clock, claimed, outcome)))

    free, charged = numbers
    assert not any("quota" in text for text in free)
    assert len(charged) - len(free) == (1 if outcome else 0)


async def _statements_of(database: Database, call: Callable[[], Awaitable[None]]) -> list[str]:
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    await call()
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    return seen


async def test_exactly_the_quota_passes_however_many_submit_at_once(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    quotas = [
        await add_quota(database, 30, team=ALICE.team_id, period="daily"),
        await add_quota(database, 21, user=BOB.user_id),
    ]
    other = Database(str(database.engine.url))
    sources = [database, other]
    calls = [
        submit(sources[number % 2], clock, model_id, number=2, actor=(ALICE, BOB)[number % 3 == 0])
        for number in range(60)
    ]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    await other.close()

    passed = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)} == {QuotaUsedUp}
    assert len(passed) == 15
    of_bob = 2 * sum(stored.job.user_id == BOB.user_id for stored in passed)
    assert [await used_of(database, quota) for quota in quotas] == [[30], [of_bob]]
    assert await _jobs(database) == 15


STEPS = st.lists(
    st.tuples(st.sampled_from(["submit", "work", "cancel", "overdue", "hopeless", "later"]), st.integers(1, 4)),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_what_is_used_is_what_was_charged_and_not_credited(template: Template, steps: list[tuple[str, int]]) -> None:
    asyncio.run(_live(template, steps))


async def _live(template: Template, steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory, template.copied(Path(directory)) as address:
        database = Database(address)
        clock = ManualClock()
        model_id = await add_active(database, ALICE)
        quota = await add_quota(database, 8, user=ALICE.user_id, period="hourly")
        for kind, number in steps:
            await _step(database, clock, model_id, kind, number)
            await _expect_balance(database, quota)
        await database.close()


async def _step(database: Database, clock: ManualClock, model_id: str, kind: str, number: int) -> None:
    if kind == "submit":
        try:
            await submit(database, clock, model_id, number=number, timeout_ms=1000 * (number % 2))
        except QuotaUsedUp:
            return
    elif kind == "work":
        claimed: Claim | None = await claim(database, clock, most=number)
        if claimed:
            await finish(database, clock, claimed, *["it broke" if (number + i) % 2 else None for i in range(number)])
    elif kind == "later":
        await clock.advance(1200 * number)
    elif kind == "overdue":
        await _time_out(database, clock, "")
    elif kind == "hopeless":
        await _fail_waiting(database, clock, "")
    else:
        async with database.read() as session:
            jobs = list(await session.scalars(select(Job.id).where(Job.finished_at.is_(None)).order_by(Job.id)))
        if jobs:
            await _cancel(database, clock, jobs[number % len(jobs)])


async def _expect_balance(database: Database, quota: UsedQuota) -> None:
    """Of each window just those items are used that are open or have a result."""
    counts = (ItemState.SUCCESSFUL, *OPEN_ITEMS)
    async with database.read() as session:
        query = select(Job.charges, func.count()).join(JobItem).where(JobItem.state.in_(counts)).group_by(Job.id)
        expected: dict[str, int] = {}
        for charges, items in await session.execute(query):
            ((_, start),) = charges
            expected[start] = expected.get(start, 0) + items
    assert sorted(used for used in await used_of(database, quota) if used) == sorted(expected.values())
    assert all(0 <= used <= 8 for used in await used_of(database, quota))
