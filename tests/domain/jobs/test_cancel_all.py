"""Cancelling many jobs at once: those one may cancel, and no others."""

import pytest

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.roles import Role
from modelyard.domain.jobs import cancel_all
from modelyard.domain.jobs.cancel_all import cancel_jobs
from modelyard.domain.jobs.job_filters import JobFilter
from tests.cast import CAST, with_roles
from tests.domain.jobs.steps import claim, counts, finish, item_states, read_job_row, submit
from tests.library import add_active, audited, set_scope
from tests.manual_clock import ManualClock


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_active(database, CAST.alice)


async def _submit(database: Database, clock: ManualClock, model_id: str, number: int) -> list[str]:
    job_ids = []
    for _ in range(number):
        job_ids.append((await submit(database, clock, model_id)).job.id)
        await clock.advance(1)
    return job_ids


async def test_what_runs_and_what_waits_is_canceled(database: Database, clock: ManualClock, model_id: str) -> None:
    finished, running, waiting = await _submit(database, clock, model_id, 3)
    claimed = await claim(database, clock, most=3)
    assert claimed is not None
    await finish(database, clock, claimed)
    canceled = await cancel_jobs(database, clock, CAST.alice, JobFilter())

    assert {(job.id, job.status) for job in canceled} == {(running, "CANCELED"), (waiting, "CANCELED")}
    assert await counts(database, finished) == ("COMPLETED", 2, 0)
    assert await item_states(database, running) == ["successful", "canceled"]
    for job_id in (running, waiting):
        assert (await audited(database, f"job/{job_id}")).count("job:canceled") == 1
    assert await cancel_jobs(database, clock, CAST.alice, JobFilter()) == []


async def test_more_than_one_transaction(
    database: Database, clock: ManualClock, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancel_all, "JOBS_AT_ONCE", 2)
    submitted = await _submit(database, clock, model_id, 5)
    canceled = await cancel_jobs(database, clock, CAST.alice, JobFilter())
    assert [job.id for job in canceled] == submitted


async def test_a_filter_leaves_others_alone(database: Database, clock: ManualClock, model_id: str) -> None:
    other = await add_active(database, CAST.alice)
    kept, wanted = [(await submit(database, clock, model)).job.id for model in (model_id, other)]
    canceled = await cancel_jobs(database, clock, CAST.alice, JobFilter(model_identifier=other))
    assert [job.id for job in canceled] == [wanted]
    assert (await read_job_row(database, kept)).status == "SUBMITTED"


@pytest.mark.parametrize(
    ("actor", "scope", "number"),
    [
        (CAST.bob, "TEAM", 1),
        (CAST.bob, "PRIVATE", 0),
        (CAST.charlie, "ALL", 0),
        (CAST.olga, "PRIVATE", 1),
    ],
)
async def test_jobs_of_others(
    database: Database, clock: ManualClock, model_id: str, actor: Actor, scope: str, number: int
) -> None:
    await set_scope(database, model_id, scope)
    await _submit(database, clock, model_id, 1)
    assert len(await cancel_jobs(database, clock, actor, JobFilter())) == number


async def test_an_auditor_cancels_nothing(database: Database, clock: ManualClock, model_id: str) -> None:
    await _submit(database, clock, model_id, 1)
    with pytest.raises(RoleMissing):
        await cancel_jobs(database, clock, with_roles(CAST.olga, Role.AUDITOR), JobFilter())
