"""Does again what failed, or never ran, of a job that has ended: as a new job, from the inputs that are kept."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.storage.base import StoredFileNotFound
from modelyard.core.database import Database
from modelyard.core.errors import Conflict, NotAllowed, TooLarge
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.chunked_inputs import read_chunks
from modelyard.domain.jobs.first_item import is_sender
from modelyard.domain.jobs.queries import find_job
from modelyard.domain.jobs.status import FINISHED, ItemState
from modelyard.domain.jobs.submit import UPLOADED, Receipt, Submission, Submitter
from modelyard.domain.jobs.tables import ItemInput, Job, JobItem

TEXT, EMBEDDED = "text", "embedded"
_KEPT_HERE = (TEXT, EMBEDDED, UPLOADED)
"""Kinds of input whose bytes are kept until some time after the end of the job."""
_FAILED = (ItemState.FAILED, ItemState.CANCELED)


class NotYours(NotAllowed):
    """Inputs are used again only by who sent them."""

    def __init__(self) -> None:
        super().__init__("Only who submitted a job can do its items again; submit the inputs as a job of your own.")


class NothingToRetry(Conflict):
    """There is no item to do again, or none that can be done again."""

    def __init__(self, job: Job, why: str) -> None:
        super().__init__(f"No item of the job {job.id} can be done again: {why}.")


class Retrier:
    """Submits failed items once more, as if their inputs had been sent again.

    Args:
        most_bytes: of all inputs together, as they are held in memory.
    """

    def __init__(self, database: Database, blobs: BlobStore, submitter: Submitter, *, most_bytes: int) -> None:
        self._database = database
        self._blobs = blobs
        self._submitter = submitter
        self._most_bytes = most_bytes

    async def retry(self, actor: Actor, job_id: str) -> Receipt:
        """A new job, on the same version. What was wrong when it was sent is left out: it would fail again.

        Raises JobNotFound, NotYours, NothingToRetry, TooLarge, and as `Submitter.submit`.
        """
        require(actor, Permission.SUBMIT_JOBS)
        async with self._database.read() as session:
            job = (await find_job(session, actor, job_id)).job
            if not is_sender(actor, job):
                raise NotYours
            if why := obstacle_to_retry(job):
                raise NothingToRetry(job, why)
            rows = await self._find_inputs(session, job)
        sources = await self._read(job, rows)
        kind = TEXT if job.input_kind == TEXT else EMBEDDED
        submission = Submission(
            job.model_id, job.version, kind, sources, explain=job.explain, timeout_ms=job.timeout_ms
        )
        return await self._submitter.submit(actor, submission)

    async def _find_inputs(self, session: AsyncSession, job: Job) -> Sequence[tuple[str, ItemInput]]:
        wanted = (JobItem.job_id == job.id, JobItem.state.in_(_FAILED))
        joined = select(func.coalesce(func.sum(ItemInput.size), 0)).join(JobItem, JobItem.id == ItemInput.item_id)
        size = (await session.execute(joined.where(*wanted))).scalar_one()
        if size > self._most_bytes:
            raise TooLarge(
                f"The inputs of the failed items have {size} bytes together, and at most {self._most_bytes} are done "
                f"again at once; send them again with `modelyard jobs retry-failed {job.id}` and the files."
            )
        query = select(JobItem.name, ItemInput).join(ItemInput, ItemInput.item_id == JobItem.id).where(*wanted)
        rows = [(name, row) for name, row in await session.execute(query.order_by(JobItem.position, ItemInput.name))]
        if not rows:
            raise NothingToRetry(job, "what failed was wrong when it was sent, and was not kept")
        return rows

    async def _read(self, job: Job, rows: Sequence[tuple[str, ItemInput]]) -> Mapping[str, Mapping[str, str]]:
        items: dict[str, dict[str, str]] = defaultdict(dict)
        for name, row in rows:
            try:
                data = await self._bytes_of(row)
            except StoredFileNotFound:
                raise NothingToRetry(job, "inputs are missing in the storage; send them again") from None
            encode = bytes.decode if job.input_kind == TEXT else _data_uri
            items[name][row.name] = await asyncio.to_thread(encode, data)
        return items

    async def _bytes_of(self, row: ItemInput) -> bytes:
        if row.data is None and row.storage_key is None:
            return await read_chunks(self._database, self._blobs, row.item_id, row.name)
        return await self._blobs.read(row)


def obstacle_to_retry(job: Job) -> str:
    """Why nothing of a job can be done again; empty when something may be."""
    if job.status not in FINISHED:
        return "the job has not ended; wait for it, or cancel it"
    if job.total == job.completed:
        return "all of them succeeded"
    if job.inputs_deleted_at is not None:
        at = f"{job.inputs_deleted_at:%Y-%m-%d %H:%M} UTC"
        return f"its inputs were deleted at {at}, as inputs are kept for {job.hours_delete_input} h; send them again"
    if job.input_kind not in _KEPT_HERE:
        return f"its inputs came from elsewhere ({job.input_kind}), and how to reach them is not kept; submit it again"
    return ""


def reason_not_to_retry(actor: Actor, job: Job) -> str:
    """The same for who asks; for showing it beforehand."""
    if not actor.may(Permission.SUBMIT_JOBS):
        return "your roles do not include running models"
    return obstacle_to_retry(job) if is_sender(actor, job) else "only who submitted the job can do its items again"


def _data_uri(data: bytes) -> Any:
    return f"data:application/octet-stream;base64,{base64.b64encode(data).decode('ascii')}"
