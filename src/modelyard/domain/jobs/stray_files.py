"""Removes stored inputs, outputs and copies of images that nobody has: a process that is killed can leave some behind.

Files come before their rows, so a file without one may only be early: it is removed when it was seen without a row
before, long enough ago. What belongs to a job that has not ended is left alone.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.core.listing import portions
from modelyard.core.logs import log
from modelyard.domain.images.copies import IMAGES, stray_copies
from modelyard.domain.jobs.blobs import INPUTS, OUTPUTS, BlobStore
from modelyard.domain.jobs.status import FINISHED
from modelyard.domain.jobs.tables import InputChunk, ItemInput, ItemOutput, Job, JobItem

SECONDS_BETWEEN_LOOKS = 6 * 3600.0
AGE = timedelta(hours=1)
MOST_WATCHED = 10_000
"""Files without a row that are remembered; the others have their turn when these are gone."""
FILES_AT_ONCE = 5_000


class StrayFiles:
    """Compares the storage with the jobs."""

    def __init__(self, database: Database, clock: Clock, blobs: BlobStore) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._seen: dict[str, datetime] = {}

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            try:
                await self.remove_old()
            except Unavailable as error:
                log.warning("the storage could not be compared with the jobs; next try follows", reason=error.message)
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def remove_old(self) -> int:
        """Removes what was seen without a row an hour ago and still is; returns how many files."""
        now = self._clock.now()
        stray = await self._without_row()
        self._seen = {key: self._seen.get(key, now) for key in sorted(stray)[:MOST_WATCHED]}
        old = [key for key, since in self._seen.items() if since <= now - AGE]
        for key in old:
            await self._blobs.storage.delete(key)
            del self._seen[key]
        if old:
            log.info("files that no job has were removed", files=len(old))
        return len(old)

    async def _without_row(self) -> set[str]:
        stray: set[str] = set()
        keys: dict[str, str] = {}
        copies: set[str] = set()
        async for file in self._blobs.storage.list_files():
            kind, _, rest = file.key.partition("/")
            job_id, slash, _ = rest.partition("/")
            if kind == IMAGES:
                copies.add(file.key)
            if kind in {INPUTS, OUTPUTS} and slash:
                keys[file.key] = job_id
            if len(keys) >= FILES_AT_ONCE:
                stray |= await self._strays(keys)
                keys.clear()
        async with self._database.read() as session:
            stray |= await stray_copies(session, copies)
        return stray | await self._strays(keys)

    async def _strays(self, keys: dict[str, str]) -> set[str]:
        """Those of some files (key and job) that neither belong to a job that goes on nor are in a row of theirs."""
        going_on = await self._going_on(set(keys.values()))
        left = {key for key, job_id in keys.items() if job_id not in going_on}
        for jobs in portions(sorted({keys[key] for key in left})):
            async with self._database.read() as session:
                for table in (ItemOutput, ItemInput, InputChunk):
                    known = (
                        select(table.storage_key)
                        .join(JobItem, JobItem.id == table.item_id)
                        .where(JobItem.job_id.in_(jobs), table.storage_key.is_not(None))
                    )
                    left -= {key for key in await session.scalars(known) if key}
        return left

    async def _going_on(self, job_ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for some in portions(sorted(job_ids)):
            async with self._database.read() as session:
                is_open = (Job.id.in_(some), Job.status.not_in(FINISHED))
                found |= set(await session.scalars(select(Job.id).where(*is_open)))
        return found
