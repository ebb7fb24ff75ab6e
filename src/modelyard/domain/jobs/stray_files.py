"""Removes stored inputs and outputs of jobs that are not there: a process that is killed can leave some behind.

Files come before their job, so a file without one may only be early: it is removed when it was seen without a job
before, long enough ago.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.core.listing import portions
from modelyard.core.logs import log
from modelyard.domain.jobs.blobs import INPUTS, OUTPUTS, BlobStore
from modelyard.domain.jobs.tables import Job

SECONDS_BETWEEN_LOOKS = 6 * 3600.0
AGE = timedelta(hours=1)
MOST_WATCHED = 10_000
"""Folders without a job that are remembered; the others have their turn when these are gone."""
Folder = tuple[str, str]
"""Kind and job."""


class StrayFiles:
    """Compares the storage with the jobs."""

    def __init__(self, database: Database, clock: Clock, blobs: BlobStore) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._seen: dict[Folder, datetime] = {}

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            try:
                await self.remove_old()
            except Unavailable as error:
                log.warning("the storage could not be compared with the jobs; next try follows", reason=error.message)
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def remove_old(self) -> int:
        """Removes what was seen without a job an hour ago and still is; returns how many folders."""
        now = self._clock.now()
        stray = await self._without_job(await self._folders())
        self._seen = {folder: self._seen.get(folder, now) for folder in sorted(stray)[:MOST_WATCHED]}
        old = [folder for folder, since in self._seen.items() if since <= now - AGE]
        for kind, job_id in old:
            await self._blobs.forget(kind, job_id)
            del self._seen[kind, job_id]
        if old:
            log.info("files of jobs that are not there were removed", folders=len(old))
        return len(old)

    async def _folders(self) -> set[Folder]:
        found = set()
        async for file in self._blobs.storage.list_files():
            kind, _, rest = file.key.partition("/")
            job_id, slash, _ = rest.partition("/")
            if kind in {INPUTS, OUTPUTS} and slash:
                found.add((kind, job_id))
        return found

    async def _without_job(self, folders: Iterable[Folder]) -> set[Folder]:
        stray = set(folders)
        for some in portions(sorted({job_id for _, job_id in stray})):
            async with self._database.read() as session:
                there = set(await session.scalars(select(Job.id).where(Job.id.in_(some))))
            stray = {folder for folder in stray if folder[1] not in there}
        return stray
