"""Takes a submission: checks it against the version and stores job, items and inputs in one transaction."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.sources.base import Sources
from modelyard.core.clock import Clock
from modelyard.core.database import Database, ring_after_commit
from modelyard.core.destinations import HostUnknown
from modelyard.core.errors import Conflict, InvalidInput
from modelyard.core.ids import new_uuid
from modelyard.core.sealing import Sealer
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.quota_uses import charge
from modelyard.domain.audit.record import record
from modelyard.domain.engines import reconcile
from modelyard.domain.inputs.items import SourcesRejected, SubmittedItem
from modelyard.domain.inputs.kind import Access
from modelyard.domain.inputs.schema_check import schema_check
from modelyard.domain.inputs.sealed_source import seal_source
from modelyard.domain.inputs.sources import read_access, read_items, source_kind
from modelyard.domain.jobs import lanes
from modelyard.domain.jobs.blobs import INPUTS, BlobStore, input_row
from modelyard.domain.jobs.callbacks import AcceptedCallback
from modelyard.domain.jobs.item_rows import ITEMS_TOGETHER, add_items
from modelyard.domain.jobs.lanes import join_lane
from modelyard.domain.jobs.open_jobs import require_few_open
from modelyard.domain.jobs.preparing import request_preparation
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job
from modelyard.domain.models.catalog import find_version_to_check, find_version_to_run
from modelyard.domain.models.contract import declared_inputs
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.standing import require_current
from modelyard.domain.models.tables import Version, VersionStatus
from modelyard.domain.models.uses import ModelUses

TOPIC = lanes.TOPIC
UPLOADED = "file"
"""The kind of input of jobs that are opened, and get their inputs in chunks."""
LONGEST_TIMEOUT_MS = 30 * 86_400_000


class VersionNotActive(Conflict):
    """Only active versions run jobs."""

    def __init__(self, version: Version) -> None:
        super().__init__(
            f"The version {version.version} of model {version.model_id} is {version.status}; jobs need an active one."
        )


class EdgeOnly(Conflict):
    """The version is for edge devices."""

    def __init__(self) -> None:
        super().__init__("This version is deployed for edge devices only (requirement -99); it runs no jobs here.")


class TimeoutAbsurd(InvalidInput):
    """The job's timeout is out of range."""

    def __init__(self, value: int) -> None:
        super().__init__(f"timeout: 0 (none) to {LONGEST_TIMEOUT_MS} milliseconds, not {value}.")


@dataclass(frozen=True, slots=True)
class Submission:
    """A job as the caller wants it. Timeout in milliseconds, 0 for none. An open job has no sources.

    Args:
        source: how to reach the inputs, where they are elsewhere: the members of `input` for its type.
    """

    model_id: str
    version: str
    input_type: str
    sources: Any = None
    explain: bool = False
    timeout_ms: int = 0
    source: Mapping[str, Any] = field(default_factory=dict, repr=False)
    callback: AcceptedCallback | None = None


@dataclass(frozen=True, slots=True)
class SubmissionLimits:
    """What holds for every job of this installation."""

    most_items: int
    input_retention_hours: int
    most_open_jobs: int
    """Of one user."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stored job and the names of its items, in their order."""

    job: Job
    item_names: list[str]


class Submitter:
    """Takes submissions. Large inputs go to the storage before the transaction, never inside it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        blobs: BlobStore,
        limits: SubmissionLimits,
        uses: ModelUses,
        sources: Sources,
        sealer: Sealer,
    ) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._limits = limits
        self._uses = uses
        self._sources = sources
        self._sealer = sealer

    async def submit(self, actor: Actor, submission: Submission) -> Receipt:
        """Stores a job; engines start when it is committed.

        Raises ModelNotFound, VersionNotFound, VersionNotActive, EdgeOnly, ModelExpired, SourcesRejected, TooLarge,
        TimeoutAbsurd, QuotaUsedUp, DestinationForbidden, DriverMissing.
        """
        require(actor, Permission.SUBMIT_JOBS)
        if not 0 <= submission.timeout_ms <= LONGEST_TIMEOUT_MS:
            raise TimeoutAbsurd(submission.timeout_ms)
        async with self._database.read(is_brief=True) as session:
            version = await find_version_to_check(session, actor, submission.model_id, submission.version)
            self._require_runnable(version)
        kind = source_kind(submission.input_type)
        access = read_access(kind, submission.source)
        # Decoding many or large inputs takes a while, in which others want to be answered.
        items = await asyncio.to_thread(
            read_items,
            submission.input_type,
            submission.sources,
            declared_inputs(version),
            most_items=self._limits.most_items,
            schema=schema_check(version),
        )
        if access is not None:
            await self._check_access(access)
        job = self._new_job(actor, version, submission, items)
        if access is not None:
            self._keep_access(job, access, items, is_found_out=kind.is_found_out)
        if job.is_preparing:
            items = []
        try:
            inputs = await self._keep_all(job.id, items)
            async with self._database.write(beside_others=True, is_brief=True) as session:
                stored = await find_version_to_run(session, actor, submission.model_id, submission.version)
                self._require_runnable(stored)
                await self._store(session, actor, job, items, inputs)
        except BaseException:
            if not await self._is_stored(job.id):  # cancelled during the commit, one does not know
                await self._blobs.forget(INPUTS, job.id)
            raise
        self._uses.note(job.model_id)
        return Receipt(job, [item.name for item in items])

    async def open(self, actor: Actor, submission: Submission) -> Receipt:
        """Stores a job without items, to which inputs are uploaded until it is closed (`chunks.py`, `closing.py`).

        Raises as `submit` does, and TooManyOpenJobs.
        """
        require(actor, Permission.SUBMIT_JOBS)
        if not 0 <= submission.timeout_ms <= LONGEST_TIMEOUT_MS:
            raise TimeoutAbsurd(submission.timeout_ms)
        async with self._database.write(beside_others=True, is_brief=True) as session:
            version = await find_version_to_run(session, actor, submission.model_id, submission.version)
            require_runnable(version, self._clock.now())
            await require_few_open(session, actor, self._limits.most_open_jobs)
            job = self._new_job(actor, version, submission, [])
            job.status, job.deadline = JobStatus.OPEN, None  # the time of the job begins when it is closed
            session.add(job)
            record(session, self._clock, actor, "job:opened", f"job/{job.id}", model=job.model_id)
        return Receipt(job, [])

    def _require_runnable(self, version: Version) -> None:
        require_runnable(version, self._clock.now())

    async def _check_access(self, access: Access) -> None:
        try:
            await self._sources.check(access)
        except HostUnknown:
            return  # names come and go; if it stays so, each item says it

    def _keep_access(self, job: Job, access: Access, items: list[SubmittedItem], *, is_found_out: bool) -> None:
        job.sealed_source = seal_source(self._sealer, access, items if is_found_out else ())
        if is_found_out:
            if wrong := next((item for item in items if item.error), None):
                raise SourcesRejected(f"The folder {wrong.name[:60]!r} cannot be used: {wrong.error}.")
            job.is_preparing = True
            job.total = job.failed = job.input_bytes = 0

    def _new_job(self, actor: Actor, version: Version, submission: Submission, items: list[SubmittedItem]) -> Job:
        now = self._clock.now()
        return Job(
            id=new_uuid(),
            account_id=actor.account_id,
            account_name=actor.account_name,
            team_id=actor.team_id,
            user_id=actor.user_id,
            project_id=actor.project_id,
            project_name=actor.project_name,
            key_prefix=actor.key_prefix,
            version_id=version.id,
            model_id=version.model_id,
            model_name=version.model.name,
            version=version.version,
            status=JobStatus.SUBMITTED,
            input_kind=submission.input_type,
            explain=submission.explain,
            timeout_ms=submission.timeout_ms,
            deadline=now + timedelta(milliseconds=submission.timeout_ms) if submission.timeout_ms else None,
            total=len(items),
            completed=0,
            failed=sum(item.error is not None for item in items),
            input_bytes=sum(item.size for item in items),
            created_at=now,
            submitted_at=now,
            updated_at=now,
            hours_delete_input=self._limits.input_retention_hours,
            callback=submission.callback.row() if submission.callback else None,
        )

    async def _keep_all(self, job_id: str, items: list[SubmittedItem]) -> list[list[dict[str, Any]]]:
        kept = []
        for number, item in enumerate(items):
            if number % ITEMS_TOGETHER == 0:
                await asyncio.sleep(0)
            kept.append(await self._keep(job_id, item))
        return kept

    async def _keep(self, job_id: str, item: SubmittedItem) -> list[dict[str, Any]]:
        kept = []
        for value in item.values:
            data, key = None, None
            if value.location is None:
                data, key = await self._blobs.keep(INPUTS, job_id, value.data)
            kept.append(input_row(value, data, key))
        return kept

    async def _is_stored(self, job_id: str) -> bool:
        async with self._database.read() as session:
            return await session.scalar(select(Job.id).where(Job.id == job_id)) is not None

    async def _store(
        self,
        session: AsyncSession,
        actor: Actor,
        job: Job,
        items: list[SubmittedItem],
        inputs: list[list[dict[str, Any]]],
    ) -> None:
        if job.is_preparing:
            await self._store_to_prepare(session, actor, job)
            return
        # What is wrong by itself has failed already: it costs the quotas nothing.
        job.charges = await charge(session, self._clock, actor, job.total - job.failed)
        session.add(job)
        await session.flush()
        lane = await join_lane(
            session,
            version_id=job.version_id,
            priority=0 if actor.is_high_priority else 1,
            team_id=job.team_id,
            user_id=job.user_id,
        )
        await add_items(session, job, lane, items, inputs)
        record(session, self._clock, actor, "job:submitted", f"job/{job.id}", items=job.total, model=job.model_id)
        ring_after_commit(session, TOPIC)
        ring_after_commit(session, reconcile.TOPIC)

    async def _store_to_prepare(self, session: AsyncSession, actor: Actor, job: Job) -> None:
        """Its items are charged when they are known."""
        session.add(job)
        await session.flush()
        request_preparation(session, self._clock, job, is_high_priority=actor.is_high_priority)
        record(session, self._clock, actor, "job:submitted", f"job/{job.id}", source=job.input_kind, model=job.model_id)


def require_runnable(version: Version, now: datetime) -> None:
    """Raises VersionNotActive, ModelExpired, EdgeOnly where a version runs no jobs."""
    if version.status != VersionStatus.ACTIVE:
        raise VersionNotActive(version)
    require_current(version.model, now)
    if version.requirement_id == EDGE_ID:
        raise EdgeOnly
