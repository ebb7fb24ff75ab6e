"""Closes jobs to which inputs were uploaded: their items are checked, charged and queued, all or nothing."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database, ring_after_commit
from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.quota_uses import charge
from modelyard.domain.accounts.tables import ApiKey
from modelyard.domain.audit.record import record
from modelyard.domain.engines import reconcile
from modelyard.domain.inputs.items import SourcesRejected
from modelyard.domain.inputs.schema_check import schema_check
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.lanes import join_lane
from modelyard.domain.jobs.open_jobs import JobNotOpen, find_job_to_close, lock_job
from modelyard.domain.jobs.queries import JobWithUser
from modelyard.domain.jobs.status import ErrorSide, ItemState, JobStatus
from modelyard.domain.jobs.submit import TOPIC, UPLOADED, require_runnable
from modelyard.domain.jobs.tables import Job, JobItem
from modelyard.domain.jobs.uploaded_items import UploadCheck, read_uploaded
from modelyard.domain.models.catalog import find_version, find_version_to_run
from modelyard.domain.models.contract import declared_inputs
from modelyard.domain.models.tables import Version
from modelyard.domain.models.uses import ModelUses

MOST_SHOWN = 3
_CLOSED = (JobStatus.SUBMITTED, JobStatus.IN_PROGRESS, JobStatus.COMPLETED)


class JobHasNoInputs(Conflict):
    """There is nothing to run."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"The job {job.id} has no inputs yet; upload some, then close it, or cancel it.")


class ChunkWhileClosing(Conflict):
    """The job got another input while its items were being checked."""

    def __init__(self) -> None:
        super().__init__("Another chunk arrived while the job was being closed; close it when all inputs are there.")


@dataclass(slots=True)
class _Problems:
    """What is wrong with items, by their numbers."""

    by_item: dict[int, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)

    def note(self, item_id: int, name: str, problem: str) -> None:
        self.by_item[item_id] = problem
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(f"{name[:60]}: {problem}")

    def told(self) -> str:
        more = len(self.by_item) - len(self.shown)
        return "; ".join(self.shown) + (f" (and {more} more)" if more else "")


class JobCloser:
    """Ends the time in which a job takes inputs."""

    def __init__(self, database: Database, clock: Clock, blobs: BlobStore, uses: ModelUses) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._uses = uses

    async def close(self, actor: Actor, job_id: str) -> JobWithUser:
        """Queues the items of an open job; one that was closed already is left as it is.

        An item that is wrong by itself fails by itself. When nothing can be run, or a quota does not suffice, the job
        stays open. Raises JobNotFound, NotYourJob, JobNotOpen, JobHasNoInputs, ChunkWhileClosing, VersionNotFound,
        VersionNotActive, EdgeOnly, ModelExpired, SourcesRejected, ItemsTooCostly, QuotaUsedUp.
        """
        async with self._database.read() as session:
            found = await find_job_to_close(session, actor, job_id)
            if not _is_to_close(found.job):
                return found
            version = await find_version(session, actor, found.job.model_id, found.job.version)
        require_runnable(version, self._clock.now())
        seen = _extent(found.job)
        problems = await self._check(found.job, version)
        async with self._database.write(beside_others=True) as session:
            await lock_job(session, job_id)
            found = await find_job_to_close(session, actor, job_id)
            if _is_to_close(found.job):
                if _extent(found.job) != seen:
                    raise ChunkWhileClosing
                await self._queue(session, actor, found.job, problems)
        self._uses.note(found.job.model_id)
        return found

    async def _check(self, job: Job, version: Version) -> _Problems:
        if not job.total:
            raise JobHasNoInputs(job)
        check = UploadCheck(self._database, self._blobs, declared_inputs(version), schema_check(version))
        problems = _Problems()
        async for item in read_uploaded(self._database, job.id):
            if problem := await check.problem_of(item):
                problems.note(item.id, item.name, problem)
        if len(problems.by_item) == job.total:
            raise SourcesRejected(f"No item of the job can be run, so it stays open: {problems.told()}.")
        return problems

    async def _queue(self, session: AsyncSession, actor: Actor, job: Job, problems: _Problems) -> None:
        now = self._clock.now()
        require_runnable(await find_version_to_run(session, actor, job.model_id, job.version), now)
        job.failed = len(problems.by_item)
        job.charges = await charge(session, self._clock, job, job.total - job.failed)
        lane = await join_lane(
            session,
            version_id=job.version_id,
            priority=await _priority(session, actor, job),
            team_id=job.team_id,
            user_id=job.user_id,
        )
        held = (JobItem.job_id == job.id, JobItem.state == ItemState.HELD)
        await session.execute(update(JobItem).where(*held).values(state=ItemState.QUEUED, lane_id=lane, queued_at=now))
        if problems.by_item:
            failed = update(JobItem).where(JobItem.id == bindparam("item"))
            failed = failed.values(
                state=ItemState.FAILED, error=bindparam("problem"), error_side=ErrorSide.CALLER, finished_at=now
            )
            rows = [{"item": item, "problem": problem} for item, problem in problems.by_item.items()]
            await (await session.connection()).execute(failed, rows)
        job.status, job.submitted_at, job.updated_at = JobStatus.SUBMITTED, now, now
        job.deadline = now + timedelta(milliseconds=job.timeout_ms) if job.timeout_ms else None
        record(session, self._clock, actor, "job:submitted", f"job/{job.id}", items=job.total, model=job.model_id)
        ring_after_commit(session, TOPIC)
        ring_after_commit(session, reconcile.TOPIC)


def _is_to_close(job: Job) -> bool:
    """Whether it is open; False where it was closed before. Raises JobNotOpen."""
    if job.status == JobStatus.OPEN:
        return True
    if job.input_kind == UPLOADED and job.status in _CLOSED:
        return False
    raise JobNotOpen(job)


def _extent(job: Job) -> tuple[int, int]:
    """What grows with every chunk."""
    return job.total, job.input_bytes


async def _priority(session: AsyncSession, actor: Actor, job: Job) -> int:
    """That of the key which opened the job, whoever closes it."""
    if actor.key_prefix == job.key_prefix:
        return 0 if actor.is_high_priority else 1
    is_high = await session.scalar(select(ApiKey.is_high_priority).where(ApiKey.prefix == job.key_prefix))
    return 0 if is_high else 1
