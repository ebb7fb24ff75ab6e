"""Routes of results: all of a job as JSON, lines, a table or an archive; and one item."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.app import Platform
from modelyard.core.errors import InvalidInput
from modelyard.core.file_names import disposition
from modelyard.core.paging import Page
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs.results import JobResults, read_item, read_results
from modelyard.entrypoints.rest.pieces import FOR_THE_CALLER_ALONE, answer_in_pieces
from modelyard.entrypoints.rest.quoted_paths import QuotedRoute
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, next_link, public_address, read_page, read_text
from modelyard.entrypoints.rest.result_archive import ZIP, outputs_archive
from modelyard.entrypoints.rest.result_csv import csv_lines
from modelyard.entrypoints.rest.result_json import JSON_LINES, item_json, json_lines, results_json
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/results/{job_id}", tags=["results"], route_class=QuotedRoute)

_STATUSES = {"": None, "successful": True, "failed": False}


@router.get("", summary="Results of a job, as far as they are there")
async def read_job_results(job_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """All at once, or so many items on a page: page per-page. Filter: status, `successful` or `failed`."""
    async with platform.database.read() as session:
        results = await read_results(session, actor, job_id, is_good=_read_status(request))
    page = read_page(request) if {"page", "per-page"} & set(request.query_params) else Page()
    results, has_next = results.on_page(page)
    await _tell(platform, actor, results)
    pieces = results_json(platform.results, results, _address(request, job_id))
    return await answer_in_pieces(pieces, Json.media_type, next_link(request, page, has_next=has_next))


@router.get("/results.jsonl", summary="Results of a job, one line for each item")
async def read_json_lines(job_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Each with the members of a result, `item` and `outputs`. Filter: status."""
    results = await _to_export(platform, request, actor, job_id)
    pieces = json_lines(platform.results, results, _address(request, job_id))
    return await answer_in_pieces(pieces, JSON_LINES, _saved_as(f"results-{job_id}.jsonl"))


@router.get("/results.csv", summary="Results of a job as a table")
async def read_table(job_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """One row for each item, one column for each member of what the model returned. Filter: status."""
    results = await _to_export(platform, request, actor, job_id)
    pieces = csv_lines(platform.results, results, _address(request, job_id))
    return await answer_in_pieces(pieces, "text/csv", _saved_as(f"results-{job_id}.csv"))


@router.get("/outputs.zip", summary="All outputs of a job in one archive")
async def read_archive(job_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """A folder for each item; `manifest.json` says which file is what, and which items failed. Filter: status."""
    results = await _to_export(platform, request, actor, job_id)
    pieces = outputs_archive(platform.results, results, platform.clock.now())
    return await answer_in_pieces(pieces, ZIP, _saved_as(f"outputs-{job_id}.zip"))


@router.get("/datasource/{item_name:path}", summary="The result of one item")
async def read_item_result(
    job_id: str, item_name: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    async with platform.database.read() as session:
        results = await read_item(session, actor, job_id, item_name)
    await platform.downloads.tell(actor, job_id, item=item_name)
    pieces = item_json(platform.results, results, _address(request, job_id))
    return await answer_in_pieces(pieces, Json.media_type)


async def _to_export(platform: Platform, request: Request, actor: Actor, job_id: str) -> JobResults:
    async with platform.database.read() as session:
        results = await read_results(session, actor, job_id, is_good=_read_status(request), needs_outputs=True)
    await _tell(platform, actor, results)
    return results


async def _tell(platform: Platform, actor: Actor, results: JobResults) -> None:
    if results.items:
        await platform.downloads.tell(actor, results.job.id)


def _read_status(request: Request) -> bool | None:
    text = read_text(request, "status").lower()
    if text not in _STATUSES:
        raise InvalidInput(f"status must be successful or failed, not {text[:40]!r}.")
    return _STATUSES[text]


def _address(request: Request, job_id: str) -> str:
    return f"{public_address(request)}/api/results/{job_id}"


def _saved_as(name: str) -> dict[str, str]:
    return {**FOR_THE_CALLER_ALONE, "Content-Disposition": disposition(name)}
