"""Routes of jobs: submit, read, cancel, history."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelyard.app import Platform
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs import ending, key_statistics, queries
from modelyard.domain.jobs.cancel_all import cancel_jobs
from modelyard.domain.jobs.chunks import MOST_CHUNKS
from modelyard.domain.jobs.job_filters import JobFilter
from modelyard.domain.jobs.occupancy import read_reason_to_wait
from modelyard.domain.jobs.submit import UPLOADED, Submission
from modelyard.entrypoints.rest.intake import require_room
from modelyard.entrypoints.rest.job_filters import read_job_filter
from modelyard.entrypoints.rest.job_shapes import job_details, job_summary, key_statistics_object, new_receipt
from modelyard.entrypoints.rest.requests import (
    Caller,
    GuardedRoute,
    ThePlatform,
    next_link,
    read_page,
    read_sort,
)
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=GuardedRoute)
NAMES_IN_HISTORY = 100
"""A job in a list shows at most so many names of its items."""
CHUNK = "1Mi"
"""What clients are told to send at once, in the one form that all of them read; larger ones are taken as well."""


class ModelChoice(BaseModel):
    """The version to run."""

    identifier: str
    version: str


class JobInput(BaseModel):
    """The items. `sources` maps item names to inputs by name; other members say how to reach them, by type."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)
    type: str
    sources: Any = None


class NewCallback(BaseModel):
    """Whom to tell when the job has ended."""

    model_config = ConfigDict(hide_input_in_errors=True)
    url: str = Field(description="An http or https address; a small JSON is sent to it by POST.")
    secret: str | None = Field(None, description="Signs what is sent; it is never shown again.")


class NewJob(BaseModel):
    """A job."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": {"identifier": "ed542963de", "version": "0.1.0"},
                "input": {"type": "text", "sources": {"0001": {"input.txt": "What a good day."}}},
            }
        }
    )
    model: ModelChoice
    input: JobInput | None = Field(
        None, description="Without it the job is opened: inputs are uploaded to it, until it is closed."
    )
    explain: bool | None = False
    timeout: int | None = Field(0, description="Milliseconds until the job is ended; 0 for never.")
    callback: NewCallback | None = None


@router.post("", status_code=202, summary="Submit a job")
async def submit_job(request: Request, body: NewJob, platform: ThePlatform, actor: Caller) -> Response:
    require_room(platform.data_dir, len(await request.body()))
    wish = body.callback
    submission = Submission(
        model_id=body.model.identifier,
        version=body.model.version,
        input_type=body.input.type if body.input else UPLOADED,
        sources=body.input.sources if body.input else None,
        explain=bool(body.explain),
        timeout_ms=body.timeout or 0,
        source=(body.input.model_extra or {}) if body.input else {},
        callback=await platform.callbacks.accept(wish.url, wish.secret) if wish else None,
    )
    take = platform.submitter.submit if body.input else platform.submitter.open
    stored = await take(actor, submission)
    return Json(new_receipt(stored, actor), 202)


@router.get("", summary="List jobs in short")
async def list_jobs(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    page = read_page(request)
    async with platform.database.read() as session:
        found = await queries.list_jobs(session, actor, read_job_filter(request, platform), page, read_sort(request))
    summaries = [job_summary(entry.job) for entry in found.entries]
    return Json(summaries, headers=next_link(request, page, has_next=found.has_next))


@router.delete("", status_code=202, summary="Cancel all jobs of a filter")
async def cancel_all_jobs(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Answers with the jobs that it canceled, in short. Of more than 10,000 the oldest; call again for the others."""
    wanted = read_job_filter(request, platform)
    canceled = await cancel_jobs(platform.database, platform.clock, actor, wanted)
    return Json([job_summary(job) for job in canceled], 202)


@router.get("/features", summary="Limits of submissions")
async def read_features(platform: ThePlatform, actor: Caller) -> Response:  # noqa: ARG001 - any key may read
    return Json(
        {
            "inputChunkMaximumSize": CHUNK,
            "maximumInputChunks": MOST_CHUNKS,
            "maximumInputsPerJob": platform.settings.max_items_per_job,
        }
    )


@router.get("/history", summary="List jobs with their details")
async def list_history(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: status startDate endDate model user accessKey modelIdentifier modelVersion project search."""
    page = read_page(request)
    wanted = read_job_filter(request, platform)
    return await _details_page(request, platform, actor, wanted, page, read_sort(request))


async def _details_page(
    request: Request, platform: Platform, actor: Actor, wanted: JobFilter, page: Page, sort: Sort
) -> Response:
    async with platform.database.read() as session:
        found = await queries.list_jobs(session, actor, wanted, page, sort)
        ids = [entry.job.id for entry in found.entries]
        names = await queries.item_names(session, ids, most_each=NAMES_IN_HISTORY)
    rows = [job_details(entry, names[entry.job.id]) for entry in found.entries]
    return Json(rows, headers=next_link(request, page, has_next=found.has_next))


@router.get("/statistics", summary="What was submitted with which key")
async def list_statistics(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        found = await key_statistics.list_key_statistics(session, actor)
    return Json([key_statistics_object(entry) for entry in found])


@router.get("/statistics/{prefix}", summary="What was submitted with one key")
async def read_statistics(prefix: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        found = await key_statistics.read_key_statistics(session, actor, prefix)
    return Json(key_statistics_object(found))


@router.get("/history/{job_id}", summary="Read a job, by its address in the history")
@router.get("/{job_id}", summary="Read a job")
async def read_job(job_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        found = await queries.find_job(session, actor, job_id)
        names = await queries.item_names(session, [job_id])
        reason = await read_reason_to_wait(session, found.job)
    return Json(job_details(found, names[job_id]) | ({"waitingFor": reason} if reason else {}))


@router.post("/{job_id}/retry", status_code=202, summary="Do again what failed")
async def retry_job(job_id: str, platform: ThePlatform, actor: Caller) -> Response:
    """A new job of the items that failed or never ran, from the inputs that are kept for a while after the end."""
    return Json(new_receipt(await platform.retrier.retry(actor, job_id), actor), 202)


@router.delete("/{job_id}", status_code=202, summary="Cancel a job")
async def cancel_job(job_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        found = await ending.cancel_job(session, platform.clock, actor, job_id)
        names = await queries.item_names(session, [job_id])
    return Json(job_details(found, names[job_id]), 202)
