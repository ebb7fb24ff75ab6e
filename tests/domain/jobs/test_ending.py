"""Jobs that end before their time, and what is deleted after it."""

import asyncio
import contextlib

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.domain.engines import reconcile
from modelyard.domain.jobs.ending import JobEnded, cancel_job, end_overdue_jobs
from modelyard.domain.jobs.queries import JobNotFound
from modelyard.domain.jobs.status import JobStatus, statuses_of_category
from modelyard.domain.jobs.tables import JobItem
from modelyard.domain.jobs.upkeep import JobUpkeep
from tests.cast import CAST
from tests.domain.jobs.steps import claim, counts, finish, item_states, read_job_row, stored_inputs, submit, submitter
from tests.library import add_active, audited, set_scope
from tests.manual_clock import ManualClock


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_active(database, CAST.alice)


async def test_cancelled_job_keeps_what_it_has(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=3)).job
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)
    bell = database.bells.listen(reconcile.TOPIC)
    for _ in range(2):
        async with database.write() as session:
            assert (await cancel_job(session, clock, CAST.alice, job.id)).job.status == "CANCELED"

    assert await counts(database, job.id) == ("CANCELED", 1, 0)
    assert await item_states(database, job.id) == ["successful", "canceled", "canceled"]
    async with database.read() as session:
        sides = await session.scalars(select(JobItem.error_side).order_by(JobItem.position))
        assert list(sides) == [None, "caller", "caller"]
    assert (await audited(database, f"job/{job.id}")).count("job:canceled") == 1
    assert await bell.wait(0.01)


async def test_completed_job_is_not_cancelled(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=1)).job
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)
    with pytest.raises(JobEnded, match="COMPLETED"):
        async with database.write() as session:
            await cancel_job(session, clock, CAST.alice, job.id)


async def test_who_cancels(database: Database, clock: ManualClock, model_id: str) -> None:
    await set_scope(database, model_id, "TEAM")
    job = (await submit(database, clock, model_id)).job
    with pytest.raises(JobNotFound):
        async with database.write() as session:
            await cancel_job(session, clock, CAST.charlie, job.id)
    for actor in (CAST.bob, CAST.olga):
        with contextlib.suppress(NotAllowed):
            async with database.write() as session:
                assert (await cancel_job(session, clock, actor, job.id)).job.status == "CANCELED"


async def test_job_ends_when_its_time_is_up(database: Database, clock: ManualClock, model_id: str) -> None:
    overdue = (await submit(database, clock, model_id, number=2, timeout_ms=5000)).job
    patient = (await submit(database, clock, model_id, number=1)).job
    for seconds, ended in ((4.9, 0), (0.1, 1), (100, 0)):
        await clock.advance(seconds)
        async with database.write() as session:
            assert await end_overdue_jobs(session, clock) == ended

    assert (await read_job_row(database, overdue.id)).status == "TIMEDOUT"
    assert await item_states(database, overdue.id) == ["canceled", "canceled"]
    assert (await read_job_row(database, patient.id)).status == "SUBMITTED"


async def test_inputs_are_deleted_a_day_after_the_end(database: Database, clock: ManualClock, model_id: str) -> None:
    taker = submitter(database, clock)
    job = (await submit(database, clock, model_id, number=1)).job
    await submit(database, clock, model_id, number=1)
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)
    left = []
    for hours in (23, 1):
        await clock.advance(hours * 3600)
        upkeep = asyncio.create_task(JobUpkeep(database, clock, taker._blobs).run())
        async with asyncio.timeout(5):
            while not clock.slept:  # noqa: ASYNC110 - it sleeps when it is through
                await asyncio.sleep(0.01)
        clock.slept.clear()
        upkeep.cancel()
        await asyncio.wait([upkeep])
        left.append(len(await stored_inputs(database)))

    assert left == [2, 1]
    assert (await read_job_row(database, job.id)).inputs_deleted_at == clock.now()


@pytest.mark.parametrize(
    ("word", "number"), [("all", 6), ("PENDING", 3), ("terminated", 3), (" Canceled ", 1), ("OPEN", 1), ("ERROR", 0)]
)
def test_words_of_the_history(word: str, number: int) -> None:
    found = statuses_of_category(word)

    assert found is not None
    assert len(found) == number
    assert set(found) <= set(JobStatus)


def test_unknown_word_of_the_history() -> None:
    assert statuses_of_category("nonsense") is None
