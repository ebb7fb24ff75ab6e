"""What is deleted of jobs after their end, and what stays."""

import pytest
from sqlalchemy import func, select

from modelyard.adapters.storage.base import StorageUnavailable
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Base, Database
from modelyard.domain.jobs import removal
from modelyard.domain.jobs.blobs import OUTPUTS, BlobStore
from modelyard.domain.jobs.retention import JobRetention, Kept
from modelyard.domain.jobs.tables import ItemVote, JobCallback, JobItem
from tests.cast import CAST
from tests.domain.jobs.steps import claim, finish, item_states, read_job_row, submit
from tests.library import add_active
from tests.manual_clock import ManualClock, RestlessClock

DAY = 86_400


@pytest.fixture
def clock() -> ManualClock:
    return RestlessClock()


@pytest.fixture
def blobs() -> BlobStore:
    return BlobStore(memory_storage())


async def _rows(database: Database, table: str) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(Base.metadata.tables[table])) or 0


async def _files(blobs: BlobStore) -> list[str]:
    return [file.key async for file in blobs.storage.list_files()]


@pytest.fixture
async def finished(database: Database, clock: ManualClock, blobs: BlobStore) -> str:
    """A job of three items with results, a stored file, a vote and a callback."""
    model_id = await add_active(database, CAST.alice)
    job_id = (await submit(database, clock, model_id, number=3)).job.id
    claimed = await claim(database, clock, most=3)
    assert claimed is not None
    await finish(database, clock, claimed, "it was too hot")
    await blobs.storage.put(f"{OUTPUTS}/{job_id}/1", b"large")
    async with database.write() as session:
        item = (await session.scalars(select(JobItem.id).limit(1))).one()
        session.add(ItemVote(item_id=item, user_id=CAST.alice.user_id, is_up=True, created_at=clock.now()))
        session.add(JobCallback(job_id=job_id, url="https://example.org", state="failed", attempts=1))
    await submit(database, clock, model_id)  # one that has not ended stays
    return job_id


async def test_results_go_and_the_job_stays(
    database: Database, clock: ManualClock, blobs: BlobStore, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "ROWS_AT_ONCE", 1)
    retention = JobRetention(database, clock, blobs, Kept(results=2))
    for days, removed, outputs in ((1, 0, 2), (1, 1, 0), (1, 0, 0)):
        await clock.advance(days * DAY)
        assert (await retention.remove_some(), await _rows(database, "item_outputs")) == (removed, outputs)
    assert await _files(blobs) == []
    assert await item_states(database, finished) == ["failed", "successful", "successful"]
    assert (await read_job_row(database, finished)).results_deleted_at is not None
    assert await _rows(database, "item_votes") == 1


async def test_jobs_go_with_all_that_hangs_off_them(
    database: Database, clock: ManualClock, blobs: BlobStore, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "ROWS_AT_ONCE", 2)
    await clock.advance(3 * DAY)
    assert await JobRetention(database, clock, blobs, Kept(results=1, jobs=3)).remove_some() == 1
    assert await _files(blobs) == []
    left = {name: await _rows(database, name) for name in ("jobs", "job_items", "item_inputs", "item_outputs")}
    assert left == {"jobs": 1, "job_items": 2, "item_inputs": 2, "item_outputs": 0}
    assert (await _rows(database, "item_votes"), await _rows(database, "job_callbacks")) == (0, 0)


async def test_for_ever(database: Database, clock: ManualClock, blobs: BlobStore, finished: str) -> None:
    await clock.advance(10_000 * DAY)
    assert await JobRetention(database, clock, blobs, Kept()).remove_some() == 0
    assert await _rows(database, "item_outputs") == 2


class _Away(BlobStore):
    async def forget(self, kind: str, job_id: str) -> None:
        raise StorageUnavailable("away")


async def test_a_storage_that_is_away_is_waited_for(
    database: Database, clock: ManualClock, blobs: BlobStore, finished: str
) -> None:
    await clock.advance(DAY)
    away = JobRetention(database, clock, _Away(blobs.storage), Kept(results=1, jobs=1))
    assert await away.remove_some() == 0
    assert (await read_job_row(database, finished)).results_deleted_at is None
    assert await JobRetention(database, clock, blobs, Kept(jobs=1)).remove_some() == 1
    assert await _rows(database, "jobs") == 1
