"""Upkeep of jobs: inputs that are due are deleted, and no others."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.domain.jobs import upkeep
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job
from modelyard.domain.jobs.upkeep import JobUpkeep
from tests.cast import CAST
from tests.domain.jobs.steps import submit
from tests.library import add_active
from tests.manual_clock import ManualClock, RestlessClock


async def _end(database: Database, clock: ManualClock, job_id: str, *, hours_ago: int, kept: int) -> None:
    values = {
        "status": JobStatus.COMPLETED,
        "finished_at": clock.now() - timedelta(hours=hours_ago),
        "hours_delete_input": kept,
    }
    async with database.write() as session:
        await session.execute(update(Job).where(Job.id == job_id).values(values))


async def test_jobs_that_are_kept_for_longer_hold_up_none(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "JOBS_AT_ONCE", 2)
    clock = RestlessClock()
    model_id = await add_active(database, CAST.alice)
    jobs = [(await submit(database, clock, model_id, number=1)).job.id for _ in range(6)]
    for job_id in jobs[:3]:
        await _end(database, clock, job_id, hours_ago=50, kept=720)
    for job_id in jobs[3:]:
        await _end(database, clock, job_id, hours_ago=10, kept=1)
    await JobUpkeep(database, clock, BlobStore(memory_storage())).delete_old_inputs()

    async with database.read() as session:
        left = await session.scalars(select(Job.id).where(Job.inputs_deleted_at.is_(None)))
        assert set(left) == set(jobs[:3])
