"""Everything that happens to jobs between their beginning and their removal, as single steps; and what is there."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.sources.fake import FakeSources
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.errors import Conflict, InvalidInput, PlatformError, TooLarge, Unavailable
from modelyard.core.sealing import Sealer
from modelyard.domain.jobs import cancel_all, job_filters
from modelyard.domain.jobs.abandoned import AbandonedUploads
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.claims import (
    Claim,
    FinishedItem,
    fail_open_items,
    finish_items,
    give_back_items,
    put_back_items,
    release_items,
)
from modelyard.domain.jobs.ending import JobEnded, cancel_job, end_overdue_jobs
from modelyard.domain.jobs.prepare import PrepareJob
from modelyard.domain.jobs.preparing import PREPARE
from modelyard.domain.jobs.retention import JobRetention, Kept
from modelyard.domain.jobs.submit import Submission
from modelyard.domain.jobs.tables import InputChunk, ItemInput, ItemOutput, Job, JobItem
from modelyard.domain.work import queue
from tests.cast import CAST, SECRET
from tests.domain.accounts.quota_steps import add_quota, used_of
from tests.domain.jobs.steps import OUTPUT, claim, submit, submitter
from tests.domain.jobs.upload_steps import Uploader
from tests.library import TEXT_INPUT, add_active
from tests.manual_clock import RestlessClock

MOST_ITEMS = 4
"""Of a job."""
LARGEST_INPUT = 100_000
QUERY = {
    "url": "jdbc:postgresql://db.example.org/shop",
    "username": "reader",
    "password": "the-password",
    "driver": "org.postgresql.Driver",
    "query": 'SELECT text AS "input.txt" FROM texts',
}
HOURS_OPEN = 24
KEPT = Kept(results=2, jobs=5)
_Step = Callable[[AsyncSession], Awaitable[object]]


class BreakingRows(list[Any]):
    """Rows of which some come, and then the database is away; the next time all of them do."""

    def __init__(self, rows: list[Any], breaks_after: int | None) -> None:
        super().__init__(rows)
        self._breaks_after = breaks_after

    def __iter__(self) -> Iterator[Any]:
        after, self._breaks_after = self._breaks_after, None
        for number, row in enumerate(super().__iter__()):
            if number == after:
                raise Unavailable("the database is away")
            yield row


@dataclass
class Seen:
    """A job as it stands: its row, the states of its items, and how many outputs these have."""

    job: Job
    states: Counter[str]
    by_item: dict[int, str]
    outputs: int


@dataclass
class World:
    """One model, people who send jobs, two servers, and the time."""

    database: Database
    clock: RestlessClock = field(default_factory=RestlessClock)
    blobs: BlobStore = field(default_factory=lambda: BlobStore(memory_storage()))
    sources: FakeSources = field(default_factory=FakeSources)
    model_id: str = ""
    lives: dict[str, int] = field(default_factory=lambda: {"one": 0, "two": 0})
    """How often each server was started anew."""

    async def begin(self) -> None:
        """Makes the model, and a quota that counts all items."""
        self.model_id = await add_active(
            self.database, CAST.alice, inputs=[TEXT_INPUT | {"maximumSize": LARGEST_INPUT}]
        )
        self.quota = await add_quota(self.database, 1_000_000, user=CAST.alice.user_id)
        parts = (self.database, self.clock)
        self.uploader = Uploader(*parts, self.blobs, CAST.alice, most_items=MOST_ITEMS)
        self._abandoned = AbandonedUploads(*parts, self.blobs, after=timedelta(hours=HOURS_OPEN))
        self._retention = JobRetention(*parts, self.blobs, KEPT)
        self._prepare = PrepareJob(*parts, self.sources, Sealer(SECRET.encode()), self.blobs, MOST_ITEMS)

    async def submit(self, number: int, timeout_ms: int) -> str:
        """A job of texts."""
        stored = await submit(self.database, self.clock, self.model_id, number=number, timeout_ms=timeout_ms)
        return stored.job.id

    async def submit_query(self, rows: list[Any], breaks_after: int | None) -> str:
        """A job whose items are found out later."""
        query = f"{QUERY['query']} -- {len(self.sources.queries)}"
        self.sources.queries[query] = BreakingRows(rows, breaks_after)
        wanted = Submission(self.model_id, "0.1.0", "jdbc", {}, source=QUERY | {"query": query})
        takes = submitter(self.database, self.clock, sources=self.sources)
        return (await takes.submit(CAST.alice, wanted)).job.id

    async def prepare(self, server: str, *, dies: bool) -> None:
        """A worker finds out the items of the next job; when it dies, another one begins anew."""
        async with self.database.write() as session:
            work = await queue.claim(session, self.clock, server, [PREPARE])
        if work is None:
            return
        error: PlatformError | None = None
        try:
            await self._prepare.run(work)
        except Unavailable:
            delay = timedelta(0)
            await self._write(
                lambda session: queue.put_back(session, self.clock, work, server, "away", delay=delay, counts=True)
            )
            return
        except PlatformError as failure:
            error = failure
        if dies:
            await self._write(lambda session: queue.release_lost(session, self.clock, silent_for=None))
            return
        if error:
            await self._prepare.give_up(work, error)
        await self._write(lambda session: queue.finish(session, self.clock, work, server, None))

    async def upload(self, job_id: str, item: str, size: int, offset: int | None) -> None:
        """A chunk, which may come too late, twice, or be too large."""
        try:
            await self.uploader.append(job_id, b"x" * size, item=item, offset=offset, media_type="text/plain")
        except (Conflict, InvalidInput, TooLarge):
            return

    async def close(self, job_id: str) -> None:
        """Which may be over, or have no input."""
        try:
            await self.uploader.close(job_id)
        except (Conflict, InvalidInput):
            return

    async def claim(self, server: str, most: int) -> Claim | None:
        """An engine of a server asks for items."""
        return await claim(self.database, self.clock, most=most, owner=self._owner(server))

    async def finish(self, claimed: Claim, errors: list[str | None], large: bool) -> None:
        """Claimed items succeed or fail; large outputs go to the storage, whatever becomes of the claim."""
        outcomes = []
        for number, item in enumerate(claimed.items):
            error = errors[number] if number < len(errors) else None
            output = dict(OUTPUT)
            if large and not error:
                data, key = await self.blobs.keep("outputs", item.job_id, b"x" * LARGEST_INPUT)
                output |= {"data": data, "storage_key": key, "size": LARGEST_INPUT}
            outcomes.append(FinishedItem(item, [] if error else [output], error, latency_ms=10))
        await self._write(lambda session: finish_items(session, self.clock, claimed, outcomes))

    async def put_back(self, claimed: Claim) -> None:
        """The engine died."""
        await self._write(lambda s: put_back_items(s, self.clock, claimed, claimed.items, "the engine died"))

    async def give_back(self, claimed: Claim) -> None:
        """The engine is not to go on."""
        await self._write(lambda session: give_back_items(session, claimed, claimed.items))

    async def restart(self, server: str) -> None:
        """A server was killed and comes again; or the other one takes over what it did."""
        self.lives[server] += 1
        owner = self._owner(server)
        await self._write(lambda s: release_items(s, self.clock, except_owner=owner, owners=f"{server}/"))

    async def cannot_start(self) -> None:
        """Engines fail again and again."""
        await self._write(lambda session: fail_open_items(session, self.clock, 1, "no engine"))

    async def cancel(self, job_id: str) -> None:
        """One job, unless it has ended."""
        try:
            await self._write(lambda session: cancel_job(session, self.clock, CAST.alice, job_id))
        except JobEnded:
            return

    async def cancel_all(self) -> None:
        """Of Alice."""
        await cancel_all.cancel_jobs(self.database, self.clock, CAST.alice, job_filters.JobFilter())

    async def pass_time(self, hours: float) -> None:
        """And what is done now and then."""
        await self.clock.advance(hours * 3600)
        await self._write(lambda session: end_overdue_jobs(session, self.clock))
        await self._abandoned.look()
        await self._retention.remove_some()

    async def look(self, job_ids: list[str]) -> dict[str, Seen]:
        """Those of the jobs that have not been removed."""
        found = {}
        async with self.database.read() as session:
            for job in await session.scalars(select(Job).where(Job.id.in_(job_ids))):
                items = (await session.execute(select(JobItem.id, JobItem.state).where(JobItem.job_id == job.id))).all()
                outputs = select(func.count()).select_from(ItemOutput).join(JobItem).where(JobItem.job_id == job.id)
                by_item = {item.id: item.state for item in items}
                found[job.id] = Seen(job, Counter(by_item.values()), by_item, await session.scalar(outputs) or 0)
        return found

    async def used(self) -> int:
        """What the quota counts."""
        return sum(await used_of(self.database, self.quota))

    async def lost_files(self) -> set[str]:
        """Keys in rows without a file."""
        rows: set[str] = set()
        async with self.database.read() as session:
            for table in (InputChunk, ItemInput, ItemOutput):
                keys = await session.scalars(select(table.storage_key).where(table.storage_key.is_not(None)))
                rows |= {key for key in keys if key}
        return rows - {file.key async for file in self.blobs.storage.list_files()}

    def _owner(self, server: str) -> str:
        return f"{server}/{self.lives[server]}"

    async def _write(self, step: _Step) -> None:
        async with self.database.write() as session:
            await step(session)
