"""Trying a version on its page: what was put into the form becomes a job of one item."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from modelyard.adapters.storage.base import StoredFileNotFound
from modelyard.app import Platform
from modelyard.core.errors import Conflict, InvalidInput, LimitReached, PlatformError, TooLarge
from modelyard.core.file_names import disposition
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.inputs.sources import NoItemCanRun
from modelyard.domain.jobs.first_item import InputNotFound, find_own_input
from modelyard.domain.jobs.submit import Submission
from modelyard.domain.models.catalog import find_version
from modelyard.domain.models.tables import Version
from modelyard.entrypoints.rest.errors import status_of
from modelyard.entrypoints.rest.pieces import FOR_THE_CALLER_ALONE, answer_in_pieces
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, platform_of
from modelyard.entrypoints.web.form_files import FormWithFiles, SentFile, read_form_with_files
from modelyard.entrypoints.web.input_views import ANY, media_type_of
from modelyard.entrypoints.web.model_cards import address_of
from modelyard.entrypoints.web.model_page import part_page
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.try_form import TryField, as_sources, fields_of, read_inputs
from modelyard.entrypoints.web.try_part import try_values

router = APIRouter(route_class=PageRoute, include_in_schema=False)
OTHER_PARTS = 5
"""Of a form beside those of inputs."""


@router.get("/models/{model_id}/{version}/try")
async def show_form(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    """To the form, which is a part of the page of the version."""
    async with platform.database.read() as session:
        row = await find_version(session, actor, model_id, version)
    return RedirectResponse(f"{address_of(row.model_id, row.version)}?part=try", 303)


@router.post("/models/{model_id}/{version}/try")
async def try_version(model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Leads to what becomes of it; to the form again with what is wrong."""
    async with platform.database.read() as session:
        row = await find_version(session, actor, model_id, version)
    fields = fields_of(row)
    parts = len(fields) + OTHER_PARTS
    form = await read_form_with_files(request, most_parts=parts, max_bytes=platform.settings.max_body_bytes)
    values, fields = read_inputs(fields, form)
    if any(field.problem for field in fields):
        return await _form_again(request, actor, row, fields, form)
    try:
        job_id = await _submit(platform, actor, row, values, explain=_wants_explanation(form))
    except (InvalidInput, Conflict, LimitReached, TooLarge) as error:
        return await _form_again(request, actor, row, fields, form, error)
    return RedirectResponse(f"{address_of(model_id, version)}?part=try&job={job_id}#result", 303)


async def _submit(
    platform: Platform, actor: Actor, row: Version, values: Mapping[str, SentFile], *, explain: bool
) -> str:
    sources = await asyncio.to_thread(as_sources, values)
    submission = Submission(row.model_id, row.version, "embedded", sources, explain=explain and row.explains)
    return (await platform.submitter.submit(actor, submission)).job.id


def _wants_explanation(form: FormWithFiles) -> bool:
    return form.texts.get("explain") == "true"


async def _form_again(
    request: Request,
    actor: Actor,
    row: Version,
    fields: list[TryField],
    form: FormWithFiles,
    error: PlatformError | None = None,
) -> Response:
    """The form with what was typed. Files have to be chosen again: no page can put them back."""
    problem = error.message if error else ""
    if isinstance(error, NoItemCanRun):  # of one item nobody needs the name
        problem = f"{error.error[:1].upper()}{error.error[1:]}."
    explain, status = _wants_explanation(form), status_of(error) if error else 400
    async with platform_of(request).database.read() as session:
        again = await find_version(session, actor, row.model_id, row.version)
        values = await try_values(session, request, actor, again, fields, explain=explain, problem=problem)
        return await part_page(session, request, actor, again, "try", values, status)


@router.get("/jobs/{job_id}/input")
async def read_input(job_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """An input called `name`, for who sent it: of the item called `item`, else of the first one."""
    name, item = request.query_params.get("name", ""), request.query_params.get("item", "")
    async with platform.database.read() as session:
        row = await find_own_input(session, actor, job_id, name, item)
    pieces = platform.blobs.read_stream(row)
    try:
        first = await anext(pieces, b"")
    except StoredFileNotFound:
        raise InputNotFound(name) from None
    media_type = media_type_of(first)
    headers = {**FOR_THE_CALLER_ALONE, "Content-Disposition": disposition(name, is_shown=media_type != ANY)}
    return await answer_in_pieces(_joined(first, pieces), media_type, headers)


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
