"""Ends open jobs that nobody goes on with, and deletes what was uploaded to jobs that never ran."""

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.core.logs import log
from modelyard.domain.audit.record import PLATFORM, Outsider, record
from modelyard.domain.jobs.blobs import INPUTS, BlobStore
from modelyard.domain.jobs.ending import end_job
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.submit import UPLOADED
from modelyard.domain.jobs.tables import InputChunk, ItemInput, Job, JobItem

SECONDS_BETWEEN_LOOKS = 10.0
JOBS_AT_ONCE = 100
_ENDED_EARLY = (JobStatus.CANCELED, JobStatus.TIMEDOUT)


async def delete_inputs(session: AsyncSession, clock: Clock, job_id: str) -> None:
    """Deletes the inputs of a job from the database; what the storage has of them is gone by now."""
    items = select(JobItem.id).where(JobItem.job_id == job_id)
    await session.execute(delete(InputChunk).where(InputChunk.item_id.in_(items)))
    await session.execute(delete(ItemInput).where(ItemInput.item_id.in_(items)))
    await session.execute(update(Job).where(Job.id == job_id).values(inputs_deleted_at=clock.now()))


async def end_abandoned_jobs(session: AsyncSession, clock: Clock, *, after: timedelta) -> int:
    """Cancels open jobs that got no input for so long; returns how many, the oldest first."""
    hours = after / timedelta(hours=1)
    why = f"nothing was uploaded to it for {hours:g} hours, and it was not closed"
    idle = select(Job.id, Job.account_id).where(Job.status == JobStatus.OPEN, Job.updated_at <= clock.now() - after)
    rows = (await session.execute(idle.order_by(Job.updated_at).limit(JOBS_AT_ONCE))).all()
    for job_id, account_id in rows:
        if await end_job(session, job_id, JobStatus.CANCELED, clock.now(), f"the job was canceled, because {why}"):
            platform = Outsider(PLATFORM.label, account_id=account_id)
            record(session, clock, platform, "job:canceled", f"job/{job_id}", reason=why)
    return len(rows)


class AbandonedUploads:
    """Looks after jobs that are opened and not closed."""

    def __init__(self, database: Database, clock: Clock, blobs: BlobStore, *, after: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._after = after

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def look(self) -> None:
        """Ends what is abandoned by now, and deletes the inputs of jobs that ended before an engine took any."""
        async with self._database.read() as session:
            is_idle = (Job.status == JobStatus.OPEN, Job.updated_at <= self._clock.now() - self._after)
            has_idle = await session.scalar(select(Job.id).where(*is_idle).limit(1)) is not None
        if has_idle:
            async with self._database.write() as session:
                await end_abandoned_jobs(session, self._clock, after=self._after)
        for job_id in await self._never_run():
            try:
                await self._blobs.forget(INPUTS, job_id)
            except Unavailable as error:
                log.warning("uploads could not be deleted; next try follows", job=job_id, reason=error.message)
                return
            async with self._database.write() as session:
                await delete_inputs(session, self._clock, job_id)

    async def _never_run(self) -> list[str]:
        never = (Job.input_kind == UPLOADED, Job.started_at.is_(None), Job.inputs_deleted_at.is_(None))
        query = select(Job.id).where(Job.status.in_(_ENDED_EARLY), *never).limit(JOBS_AT_ONCE)
        async with self._database.read() as session:
            return list(await session.scalars(query))
