"""The pages of jobs: the list, and one job with its progress, its errors by cause, and its items."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from modelyard.core.clock import milliseconds_between
from modelyard.core.errors import InvalidInput
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.jobs import ending, queries
from modelyard.domain.jobs.first_item import is_sender
from modelyard.domain.jobs.item_pages import GROUPS, ItemEntry, count_causes, list_items, why_canceled
from modelyard.domain.jobs.occupancy import read_reason_to_wait
from modelyard.domain.jobs.retrying import reason_not_to_retry
from modelyard.domain.jobs.status import FINISHED, UNFINISHED
from modelyard.domain.jobs.tables import Job
from modelyard.entrypoints.rest.job_filters import read_job_filter
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, read_page, read_text
from modelyard.entrypoints.web.frame import framed, read_frame
from modelyard.entrypoints.web.input_views import InputShown, shown_input
from modelyard.entrypoints.web.job_views import groups_of, progress_of, word_of
from modelyard.entrypoints.web.output_views import OutputShown, shown_output
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import ListState

router = APIRouter(route_class=PageRoute, include_in_schema=False)
JOBS_AT_ONCE = 30
ITEMS_AT_ONCE = 50
SECONDS_WHILE_BUSY, SECONDS_WHILE_QUIET = 3, 15
"""Until the list looks again: while a job on it is under way, and for those that are still to come."""
_STATUSES = {
    "": "All",
    "PENDING": "Under way",
    "COMPLETED": "Finished",
    "TERMINATED_WITH_ERROR": "With errors",
    "CANCELED": "Canceled",
    "TIMEDOUT": "Timed out",
}
_FILTERS = ("status", "search", "user", "model", "modelIdentifier", "modelVersion", "accessKey", "project")


class GroupUnknown(InvalidInput):
    """Items cannot be narrowed so."""

    def __init__(self, group: str) -> None:
        super().__init__(f"items must be one of {', '.join(GROUPS)}, not {group[:40]!r}.")


@router.get("/jobs")
async def show_jobs(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The newest first; filters are those of GET /api/jobs/history."""
    page = Page(read_page(request).number, JOBS_AT_ONCE)
    wanted = read_job_filter(request, platform)
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "Jobs")
        found = await queries.list_jobs(session, actor, wanted, page, Sort())
    chosen = {name: text for name in _FILTERS if (text := read_text(request, name))}
    return framed(
        "jobs.html",
        frame,
        now=platform.clock.now(),
        jobs=[(entry.job, word_of(entry.job), entry.user) for entry in found.entries],
        chosen=chosen,
        look_again=look_again_after([entry.job for entry in found.entries]) if page.number == 1 else 0,
        statuses=[(name, word, _address(chosen | {"status": word})) for word, name in _STATUSES.items()],
        following=_address(chosen | {"page": str(page.number + 1)}) if found.has_next else "",
        preceding=_address(chosen | {"page": str(page.number - 1)}) if page.number > 1 else "",
    )


@router.get("/jobs/{job_id}")
async def show_job(job_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """`items` narrows them to those of a group; `again-of` is the job whose failed items this one does again."""
    group, again_of = read_text(request, "items") or "all", read_text(request, "again-of")
    if group not in GROUPS:
        raise GroupUnknown(group)
    page, now = Page(read_page(request).number, ITEMS_AT_ONCE), platform.clock.now()
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "Jobs")
        found = await queries.find_job(session, actor, job_id)
        items = await _items_of(session, actor, found.job, group, page)
        origin = (await queries.find_job(session, actor, again_of)).job if again_of else None
    standing = _standing(actor, found.job, now)
    return framed("job.html", frame, now=now, job=found.job, user=found.user, origin=origin, **standing, **items)


def _standing(actor: Actor, job: Job, now: datetime) -> dict[str, Any]:
    """How far it is, and what the actor may do about it."""
    is_finished = job.status in FINISHED
    return {
        "word": word_of(job),
        "progress": progress_of(job, milliseconds_between(job.started_at or job.submitted_at, job.finished_at or now)),
        "is_finished": is_finished,
        "may_cancel": not is_finished and actor.may(Permission.CANCEL_JOBS),
        "has_failed": is_finished and job.completed < job.total,
        "not_again": reason_not_to_retry(actor, job),
    }


async def _items_of(session: AsyncSession, actor: Actor, job: Job, group: str, page: Page) -> dict[str, Any]:
    """A page of its items, and what became of all of them."""
    here = f"/jobs/{job.id}"
    items = await list_items(session, job, group, page, with_inputs=is_sender(actor, job))
    return {
        "reason": await read_reason_to_wait(session, job),
        "causes": await count_causes(session, job),
        "canceled": await why_canceled(session, job),
        "items": [_shown(job, item) for item in items.entries],
        "group": group,
        "groups": groups_of(job, group),
        "here": here,
        "following": ListState(here, {"items": group}, page).following(has_next=items.has_next),
    }


def _shown(job: Job, item: ItemEntry) -> tuple[ItemEntry, list[InputShown], list[OutputShown]]:
    inputs = [shown_input(job.id, each, (), item_name=item.name) for each in item.inputs]
    return item, inputs, [shown_output(job.id, item.name, output) for output in item.outputs]


@router.post("/jobs/{job_id}/cancel")
async def cancel_job(job_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await ending.cancel_job(session, platform.clock, actor, job_id)
    return RedirectResponse(f"/jobs/{job_id}", 303)


@router.post("/jobs/{job_id}/retry")
async def retry_job(job_id: str, platform: ThePlatform, actor: Caller) -> Response:
    stored = await platform.retrier.retry(actor, job_id)
    return RedirectResponse(f"/jobs/{stored.job.id}?again-of={job_id}", 303)


def look_again_after(jobs: list[Job]) -> int:
    """Seconds until a list of jobs may have changed."""
    return SECONDS_WHILE_BUSY if any(job.status in UNFINISHED for job in jobs) else SECONDS_WHILE_QUIET


def _address(query: dict[str, str]) -> str:
    text = urlencode({name: value for name, value in query.items() if value})
    return f"/jobs?{text}" if text else "/jobs"
