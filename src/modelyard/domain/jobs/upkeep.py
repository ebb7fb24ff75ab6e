"""Regular upkeep of jobs: ends overdue ones and those of keys that stopped, deletes inputs that are kept no longer."""

import time
from datetime import timedelta

from sqlalchemy import select

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.core.logs import log
from modelyard.domain.accounts import api_keys
from modelyard.domain.jobs.abandoned import delete_inputs
from modelyard.domain.jobs.blobs import INPUTS, BlobStore
from modelyard.domain.jobs.ending import end_jobs_of_stopped_keys, end_overdue_jobs
from modelyard.domain.jobs.status import FINISHED, UNFINISHED
from modelyard.domain.jobs.tables import Job

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_BETWEEN_CLEANINGS = 60.0
JOBS_AT_ONCE = 100
_HAS_INPUTS = (Job.status.in_(FINISHED), Job.inputs_deleted_at.is_(None))


class JobUpkeep:
    """Looks after jobs that nobody else touches any more."""

    def __init__(self, database: Database, clock: Clock, blobs: BlobStore) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._bell = database.bells.listen(api_keys.TOPIC)

    async def run(self) -> None:
        """Goes on until cancelled."""
        next_cleaning = 0.0
        while True:
            async with self._database.read() as session:
                overdue = await session.scalar(
                    select(Job.id).where(Job.status.in_(UNFINISHED), Job.deadline <= self._clock.now()).limit(1)
                )
            if overdue:
                async with self._database.write() as session:
                    await end_overdue_jobs(session, self._clock)
            is_due = time.monotonic() >= next_cleaning
            if self._bell.has_rung() or is_due:  # at the start too, and for what other processes changed
                await self._end_jobs_of_stopped_keys()
            if is_due:
                next_cleaning = time.monotonic() + SECONDS_BETWEEN_CLEANINGS
                await self.delete_old_inputs()
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def _end_jobs_of_stopped_keys(self) -> None:
        ended = JOBS_AT_ONCE
        while ended == JOBS_AT_ONCE:
            async with self._database.write() as session:
                ended = await end_jobs_of_stopped_keys(session, self._clock, most=JOBS_AT_ONCE)

    async def delete_old_inputs(self) -> None:
        """Deletes all that are due. Jobs that are kept for longer, of whatever age, hold up none that are not."""
        async with self._database.read() as session:
            kept = select(Job.hours_delete_input).where(*_HAS_INPUTS).distinct()
            retentions = list(await session.scalars(kept.order_by(Job.hours_delete_input)))
        for hours in retentions:
            while await self._delete_some(hours) == JOBS_AT_ONCE:
                await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def _delete_some(self, hours: int) -> int:
        """Of jobs whose inputs are kept for so many hours."""
        due = Job.finished_at <= self._clock.now() - timedelta(hours=hours)
        async with self._database.read() as session:
            jobs = select(Job.id).where(*_HAS_INPUTS, Job.hours_delete_input == hours, due)
            job_ids = list(await session.scalars(jobs.order_by(Job.finished_at).limit(JOBS_AT_ONCE)))
        deleted = 0
        for job_id in job_ids:
            try:
                await self._blobs.forget(INPUTS, job_id)
            except Unavailable as error:
                log.warning("inputs could not be deleted; next try follows", job=job_id, reason=error.message)
                continue
            async with self._database.write() as session:
                await delete_inputs(session, self._clock, job_id)
            deleted += 1
        return deleted
