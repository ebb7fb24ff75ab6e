"""What tests of jobs do again and again: submit, claim, finish, and look."""

from typing import Any

from sqlalchemy import select

from modelyard.adapters.sources.fake import FakeSources
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.sealing import Sealer
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.inputs.fetch import Fetcher
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.claims import Claim, FinishedItem, claim_items, finish_items
from modelyard.domain.jobs.item_inputs import InputReader
from modelyard.domain.jobs.submit import Receipt, Submission, SubmissionLimits, Submitter
from modelyard.domain.jobs.tables import ItemInput, Job, JobItem
from modelyard.domain.models.uses import ModelUses
from tests.cast import CAST, SECRET
from tests.manual_clock import ManualClock, RestlessClock

OUTPUT: dict[str, Any] = {
    "name": "results.json",
    "media_type": "application/json",
    "size": 2,
    "data": b"{}",
    "storage_key": None,
}


def submitter(
    database: Database,
    clock: ManualClock,
    *,
    most_items: int = 100,
    most_open: int = 100,
    sources: FakeSources | None = None,
) -> Submitter:
    """Takes submissions; large inputs go to a storage in memory."""
    return Submitter(
        database,
        clock,
        BlobStore(memory_storage()),
        SubmissionLimits(most_items, 24, most_open),
        ModelUses(database, clock),
        sources or FakeSources(),
        Sealer(SECRET.encode()),
    )


def input_reader(database: Database, blobs: BlobStore, sources: FakeSources | None = None) -> InputReader:
    """Reads inputs; where they are elsewhere, from these sources."""
    fetcher = Fetcher(sources or FakeSources(), RestlessClock(), most_at_once=4, seconds=5)
    return InputReader(database, blobs, fetcher, Sealer(SECRET.encode()))


async def submit(
    database: Database,
    clock: ManualClock,
    model_id: str,
    *,
    number: int = 2,
    actor: Actor = CAST.alice,
    timeout_ms: int = 0,
    explain: bool = False,
) -> Receipt:
    """A job of so many texts, named 0, 1, 2, …"""
    sources = {str(index): {"input.txt": f"text {index}"} for index in range(number)}
    wanted = Submission(model_id, "0.1.0", "text", sources, explain=explain, timeout_ms=timeout_ms)
    return await submitter(database, clock).submit(actor, wanted)


async def claim(
    database: Database, clock: ManualClock, version_id: int = 1, *, most: int = 1, owner: str = "one"
) -> Claim | None:
    """What an engine gets when it asks."""
    async with database.write(beside_others=True) as session:
        return await claim_items(session, clock, version_id=version_id, engine="engine", owner=owner, most=most)


async def finish(database: Database, clock: ManualClock, claimed: Claim, *errors: str | None) -> None:
    """Every claimed item succeeds, or fails with its error."""
    reasons = list(errors) + [None] * len(claimed.items)
    finished = [
        FinishedItem(item, [] if reason else [OUTPUT], reason, latency_ms=10)
        for item, reason in zip(claimed.items, reasons, strict=False)
    ]
    async with database.write(beside_others=True) as session:
        await finish_items(session, clock, claimed, finished)


async def read_job_row(database: Database, job_id: str) -> Job:
    """The job as it stands."""
    async with database.read() as session:
        job = await session.get(Job, job_id)
    assert job is not None
    return job


async def item_states(database: Database, job_id: str) -> list[str]:
    """The states of the items, in their order."""
    async with database.read() as session:
        query = select(JobItem.state).where(JobItem.job_id == job_id).order_by(JobItem.position)
        return list(await session.scalars(query))


async def counts(database: Database, job_id: str) -> tuple[str, int, int]:
    """Status, completed, failed."""
    job = await read_job_row(database, job_id)
    return job.status, job.completed, job.failed


async def stored_inputs(database: Database) -> list[ItemInput]:
    """All inputs of all items."""
    async with database.read() as session:
        return list(await session.scalars(select(ItemInput).order_by(ItemInput.item_id)))
