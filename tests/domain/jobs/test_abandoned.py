"""Uploads that nobody goes on with end, and leave no bytes."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from modelyard.adapters.storage.base import Storage, StorageUnavailable
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.domain.jobs.abandoned import AbandonedUploads
from modelyard.domain.jobs.blobs import LARGEST_IN_ROW, BlobStore
from modelyard.domain.jobs.ending import cancel_job
from modelyard.domain.jobs.tables import InputChunk, ItemInput, JobItem
from modelyard.domain.jobs.upkeep import JobUpkeep
from tests.cast import CAST
from tests.domain.jobs.steps import claim, finish, item_states, read_job_row, submit
from tests.domain.jobs.upload_steps import Uploader
from tests.library import TEXT_INPUT, add_active, audited
from tests.manual_clock import ManualClock

ALICE = CAST.alice
LARGE = b"x" * (LARGEST_IN_ROW + 1)


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_active(database, ALICE, inputs=[TEXT_INPUT | {"maximumSize": 1_000_000}])


@pytest.fixture
def alice(database: Database, clock: ManualClock) -> Uploader:
    return Uploader(database, clock, BlobStore(memory_storage()), ALICE)


@pytest.fixture
def upkeep(database: Database, clock: ManualClock, alice: Uploader) -> AbandonedUploads:
    return AbandonedUploads(database, clock, alice.blobs, after=timedelta(hours=24))


async def _rows(database: Database) -> tuple[int, int]:
    async with database.read() as session:
        chunks = await session.scalar(select(func.count()).select_from(InputChunk)) or 0
        return chunks, await session.scalar(select(func.count()).select_from(ItemInput)) or 0


async def _objects(storage: Storage, job_id: str) -> int:
    return await storage.delete_below(f"inputs/{job_id}")


async def test_what_nobody_goes_on_with_is_canceled(
    database: Database, clock: ManualClock, alice: Uploader, upkeep: AbandonedUploads, model_id: str
) -> None:
    idle, busy, closed = [await alice.open(model_id) for _ in range(3)]
    for job_id in (idle, busy, closed):
        await alice.append(job_id, LARGE)
    await alice.close(closed)
    await clock.advance(23 * 3600)
    await alice.append(busy, b"more")
    await clock.advance(2 * 3600)
    await upkeep.look()

    assert [(await read_job_row(database, job)).status for job in (idle, busy, closed)] == [
        "CANCELED",
        "OPEN",
        "SUBMITTED",
    ]
    async with database.read() as session:
        error = await session.scalar(select(JobItem.error).where(JobItem.job_id == idle))
    assert "nothing was uploaded to it for 24 hours" in (error or "")
    assert (await audited(database, f"job/{idle}"))[-1] == "job:canceled"
    assert await _rows(database) == (3, 2)
    assert [await _objects(alice.blobs.storage, job) for job in (idle, busy, closed)] == [0, 1, 1]
    await upkeep.look()
    assert (await audited(database, f"job/{idle}")).count("job:canceled") == 1


async def test_canceled_uploads_leave_no_bytes(
    database: Database, clock: ManualClock, alice: Uploader, upkeep: AbandonedUploads, model_id: str
) -> None:
    open_, closed, running = [await alice.open(model_id) for _ in range(3)]
    for job_id in (open_, running, closed):
        await alice.append(job_id, LARGE)
    await alice.close(running)
    assert await claim(database, clock) is not None
    await alice.close(closed)
    for job_id in (open_, closed, running):
        async with database.write() as session:
            await cancel_job(session, clock, ALICE, job_id)
    await upkeep.look()

    assert await item_states(database, open_) == ["canceled"]
    assert await _rows(database) == (1, 1)  # an engine may be reading what is left: it goes when its time has come
    assert [await _objects(alice.blobs.storage, job) for job in (open_, closed, running)] == [0, 0, 1]
    assert (await read_job_row(database, open_)).inputs_deleted_at == clock.now()


async def test_other_canceled_jobs_keep_their_inputs_for_their_time(
    database: Database, clock: ManualClock, alice: Uploader, upkeep: AbandonedUploads, model_id: str
) -> None:
    job_id = (await submit(database, clock, model_id)).job.id
    async with database.write() as session:
        await cancel_job(session, clock, ALICE, job_id)
    await upkeep.look()

    assert await _rows(database) == (0, 2)


async def test_a_storage_that_is_away_is_asked_again(
    database: Database,
    clock: ManualClock,
    alice: Uploader,
    upkeep: AbandonedUploads,
    model_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job_id = await alice.open(model_id)
    await alice.append(job_id, LARGE)
    async with database.write() as session:
        await cancel_job(session, clock, ALICE, job_id)

    async def away(prefix: str) -> int:
        raise StorageUnavailable(f"No way to {prefix}.")

    with monkeypatch.context() as patched:
        patched.setattr(alice.blobs.storage, "delete_below", away)
        await upkeep.look()
    assert await _rows(database) == (1, 1)
    await upkeep.look()
    assert await _rows(database) == (0, 0)


async def test_chunks_are_kept_no_longer_than_inputs(
    database: Database, clock: ManualClock, alice: Uploader, model_id: str
) -> None:
    job_id = await alice.open(model_id)
    await alice.append(job_id, LARGE)
    await alice.append(job_id, b"more")
    await alice.close(job_id)
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)
    await clock.advance(25 * 3600)
    task = asyncio.create_task(JobUpkeep(database, clock, alice.blobs).run())
    async with asyncio.timeout(10):
        while await _rows(database) != (0, 0):  # noqa: ASYNC110 - upkeep rings no bell
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])

    assert await _objects(alice.blobs.storage, job_id) == 0
