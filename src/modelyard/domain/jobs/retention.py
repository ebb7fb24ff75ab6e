"""How long results and jobs are kept after the end of the job."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.core.logs import log
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.removal import JobRemoval
from modelyard.domain.jobs.tables import Job

SECONDS_BETWEEN_LOOKS = 60.0
SECONDS_BETWEEN_JOBS = 0.01
"""Others want to write as well."""
JOBS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """Days after the end of a job; 0: for ever."""

    results: int = 0
    jobs: int = 0


class JobRetention:
    """Deletes results and jobs that have been kept long enough, the oldest first."""

    def __init__(self, database: Database, clock: Clock, blobs: BlobStore, kept: Kept) -> None:
        self._database = database
        self._clock = clock
        self._kept = kept
        self._removal = JobRemoval(database, clock, blobs)

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            while await self.remove_some() == JOBS_AT_ONCE:
                pass
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def remove_some(self) -> int:
        """Removes some of what is due; returns of how many jobs, the larger of both numbers."""
        jobs = results = 0
        if self._kept.jobs:
            jobs = await self._remove(self._kept.jobs, [], self._removal.remove_job)
        if self._kept.results:
            left = [Job.results_deleted_at.is_(None)]
            results = await self._remove(self._kept.results, left, self._removal.remove_results)
        return max(jobs, results)

    async def _remove(
        self, days: int, left: Sequence[ColumnElement[bool]], remove: Callable[[str], Awaitable[None]]
    ) -> int:
        limit = self._clock.now() - timedelta(days=days)
        async with self._database.read() as session:
            query = select(Job.id).where(Job.finished_at <= limit, *left).order_by(Job.finished_at).limit(JOBS_AT_ONCE)
            due = (await session.scalars(query)).all()
        for number, job_id in enumerate(due):
            try:
                await remove(job_id)
            except Unavailable as error:
                log.warning("what is kept no longer could not be removed; next try follows", reason=error.message)
                return number
            await self._clock.sleep(SECONDS_BETWEEN_JOBS)
        return len(due)
