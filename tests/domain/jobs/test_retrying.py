"""Doing failed items again: from the inputs that are kept, by who sent them, or with a reason why not."""

import dataclasses
from typing import Any

import pytest
from sqlalchemy import select, update

from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.errors import TooLarge
from modelyard.domain.accounts.actor import RoleMissing
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.ending import cancel_job
from modelyard.domain.jobs.queries import JobNotFound
from modelyard.domain.jobs.retrying import NothingToRetry, NotYours, Retrier, obstacle_to_retry, reason_not_to_retry
from modelyard.domain.jobs.submit import Submission
from modelyard.domain.jobs.tables import ItemInput, Job, JobItem
from modelyard.domain.models.tables import Scope
from tests.cast import CAST
from tests.domain.jobs.steps import claim, finish, read_job_row, submit, submitter
from tests.library import add_active, set_scope
from tests.manual_clock import ManualClock

READER = dataclasses.replace(
    CAST.alice, grants={Permission.READ_JOBS: Reach.ACCOUNT, Permission.READ_MODELS: Reach.ACCOUNT}
)


@pytest.fixture
async def model_id(database: Database) -> str:
    found = await add_active(database, CAST.alice)
    await set_scope(database, found, Scope.TEAM)
    return found


def _retrier(database: Database, clock: ManualClock, most_bytes: int = 1000) -> Retrier:
    return Retrier(database, BlobStore(memory_storage()), submitter(database, clock), most_bytes=most_bytes)


async def _failed(database: Database, clock: ManualClock, model_id: str, **wanted: Any) -> str:
    """A job of three items, of which the last two failed."""
    job = (await submit(database, clock, model_id, number=3, **wanted)).job
    claimed = await claim(database, clock, most=3)
    assert claimed is not None
    await finish(database, clock, claimed, None, "it broke", "it broke")
    return job.id


async def _inputs(database: Database, job_id: str) -> dict[str, bytes | None]:
    query = select(JobItem.name, ItemInput.data).join(ItemInput).where(JobItem.job_id == job_id)
    async with database.read() as session:
        return {row.name: row.data for row in await session.execute(query)}


async def test_failed_items_become_a_new_job(database: Database, clock: ManualClock, model_id: str) -> None:
    before = await _failed(database, clock, model_id, explain=True, timeout_ms=60_000)

    receipt = await _retrier(database, clock).retry(CAST.alice, before)

    assert receipt.item_names == ["1", "2"]
    assert await _inputs(database, receipt.job.id) == {"1": b"text 1", "2": b"text 2"}
    job = await read_job_row(database, receipt.job.id)
    assert (job.input_kind, job.explain, job.timeout_ms, job.version) == ("text", True, 60_000, "0.1.0")


async def test_other_bytes_stay_as_they_are(database: Database, clock: ManualClock, model_id: str) -> None:
    sources = {"a": {"input.txt": "data:;base64,/wA="}}
    job = (await submitter(database, clock).submit(CAST.alice, Submission(model_id, "0.1.0", "embedded", sources))).job
    async with database.write() as session:
        await cancel_job(session, clock, CAST.alice, job.id)

    receipt = await _retrier(database, clock).retry(CAST.alice, job.id)

    assert await _inputs(database, receipt.job.id) == {"a": b"\xff\x00"}


async def test_what_was_wrong_when_it_was_sent_is_left_out(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    sources = {"good": {"input.txt": "x"}, "bad": {"other": "x"}}
    job = (await submitter(database, clock).submit(CAST.alice, Submission(model_id, "0.1.0", "text", sources))).job
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)

    with pytest.raises(NothingToRetry, match="was wrong when it was sent"):
        await _retrier(database, clock).retry(CAST.alice, job.id)


async def test_only_who_sent_it_does_it_again(database: Database, clock: ManualClock, model_id: str) -> None:
    job_id = await _failed(database, clock, model_id)
    retrier = _retrier(database, clock)

    with pytest.raises(NotYours):
        await retrier.retry(CAST.bob, job_id)
    with pytest.raises(JobNotFound):
        await retrier.retry(CAST.charlie, job_id)
    with pytest.raises(RoleMissing):
        await retrier.retry(READER, job_id)
    job = await read_job_row(database, job_id)
    assert "only who submitted" in reason_not_to_retry(CAST.bob, job)
    assert "your roles" in reason_not_to_retry(READER, job)
    assert reason_not_to_retry(CAST.alice, job) == ""


async def test_a_job_that_runs_or_has_no_failures(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=1)).job
    with pytest.raises(NothingToRetry, match="has not ended"):
        await _retrier(database, clock).retry(CAST.alice, job.id)
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)

    with pytest.raises(NothingToRetry, match="succeeded"):
        await _retrier(database, clock).retry(CAST.alice, job.id)


@pytest.mark.parametrize(
    ("values", "why"), [({"hours_delete_input": 24}, "kept for 24 h"), ({"input_kind": "aws-s3"}, "from elsewhere")]
)
async def test_inputs_that_are_gone(
    database: Database, clock: ManualClock, model_id: str, values: dict[str, Any], why: str
) -> None:
    job_id = await _failed(database, clock, model_id)
    gone = {"inputs_deleted_at": clock.now()} if "hours_delete_input" in values else {}
    async with database.write() as session:
        await session.execute(update(Job).values(**values, **gone))

    assert why in obstacle_to_retry(await read_job_row(database, job_id))
    with pytest.raises(NothingToRetry, match=why):
        await _retrier(database, clock).retry(CAST.alice, job_id)


async def test_inputs_that_are_too_large_or_missing(database: Database, clock: ManualClock, model_id: str) -> None:
    job_id = await _failed(database, clock, model_id)
    with pytest.raises(TooLarge, match="12 bytes together"):
        await _retrier(database, clock, most_bytes=11).retry(CAST.alice, job_id)
    async with database.write() as session:
        await session.execute(update(ItemInput).values(data=None, storage_key="nowhere"))

    with pytest.raises(NothingToRetry, match="missing in the storage"):
        await _retrier(database, clock).retry(CAST.alice, job_id)
