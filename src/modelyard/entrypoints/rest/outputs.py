"""Routes of single outputs: the bytes as the model wrote them, whole or in part."""

import hashlib
import mimetypes
import re
from pathlib import PurePosixPath

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.app import Platform
from modelyard.core.file_names import disposition
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.inference.outputs import JSON
from modelyard.domain.jobs.result_reader import StoredOutput
from modelyard.domain.jobs.results import FoundOutput, find_output
from modelyard.entrypoints.rest.byte_ranges import Representation, Wanted, what_is_wanted
from modelyard.entrypoints.rest.errors import error_answer
from modelyard.entrypoints.rest.pieces import FOR_THE_CALLER_ALONE, answer_in_pieces
from modelyard.entrypoints.rest.quoted_paths import QuotedRoute
from modelyard.entrypoints.rest.requests import Caller, ThePlatform

router = APIRouter(prefix="/api/results/{job_id}", tags=["results"], route_class=QuotedRoute)
short_router = APIRouter(prefix="/api/results/{job_id}", tags=["results"], route_class=QuotedRoute)
"""Of addresses that would take those of other routes of results for their own."""

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}(;\s?[\w.+-]{1,50}=[\w.+-]{1,50})*", re.ASCII)
_ANY = "application/octet-stream"
_SHOWN = ("image/", "audio/", "video/", "text/plain", "application/json", "application/pdf")
_DOCUMENTS = ("image/svg",)
"""What can hold programs is to be saved rather than shown."""


@router.get("/datasource/{item_name:path}/output/{output_name}", summary="One output, as the model wrote it")
@router.head("/datasource/{item_name:path}/output/{output_name}", include_in_schema=False)
async def read_datasource_output(
    job_id: str, item_name: str, output_name: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    """With `Range` a part of it, with `If-None-Match` only when it is another one; HEAD for what is known of it."""
    return await _answer(platform, request, actor, job_id, item_name, output_name)


@short_router.get("/{item_name:path}/{output_name}", summary="One output, by a shorter address")
@short_router.head("/{item_name:path}/{output_name}", include_in_schema=False)
async def read_output(
    job_id: str, item_name: str, output_name: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    """The same as by the longer address, which also takes items that are called `datasource` or `vote`."""
    return await _answer(platform, request, actor, job_id, item_name, output_name)


async def _answer(
    platform: Platform, request: Request, actor: Actor, job_id: str, item_name: str, output_name: str
) -> Response:
    async with platform.database.read() as session:
        found = await find_output(session, actor, job_id, item_name, output_name)
    file = _representation(found)
    asked = {name: value for name, value in request.headers.items() if request.method == "GET" or name != "range"}
    wanted = what_is_wanted(asked, file)
    if wanted.status == 416:
        message = f"The output has {file.size} bytes; the part that was asked for begins after its end."
        return error_answer(request, 416, message, **{"Content-Range": f"bytes */{file.size}"})
    headers = _headers(found, file, wanted)
    if wanted.status == 304:
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Response(status_code=wanted.status, headers=headers, media_type=media_type_of(found))
    await platform.downloads.tell(actor, job_id, item=item_name, output=output_name)
    return await _body(platform, found, wanted, headers)


async def _body(platform: Platform, found: FoundOutput, wanted: Wanted, headers: dict[str, str]) -> Response:
    row = found.output
    stored = StoredOutput(row.name, row.media_type, row.size, row.data, row.storage_key)
    pieces = platform.results.content(stored, start=wanted.start, end=wanted.end)
    answer = await answer_in_pieces(pieces, media_type_of(found), headers)
    answer.status_code = wanted.status
    return answer


def _headers(found: FoundOutput, file: Representation, wanted: Wanted) -> dict[str, str]:
    headers = {**FOR_THE_CALLER_ALONE, **file.headers}
    if wanted.status == 304:
        return headers
    kind = media_type_of(found)
    is_shown = kind.startswith(_SHOWN) and not kind.startswith(_DOCUMENTS)
    headers |= {
        "Content-Disposition": disposition(found.output.name, is_shown=is_shown),
        "Content-Length": str(wanted.end - wanted.start),
    }
    if wanted.status == 206:
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.end - 1}/{file.size}"
    return headers


def _representation(found: FoundOutput) -> Representation:
    """An output is stored once and never changed, so that where it is says which one it is."""
    item, output = found.item, found.output
    at = item.finished_at or item.queued_at
    place = "\n".join((item.job_id, str(item.id), output.name, str(output.size), at.isoformat()))
    return Representation(f'"{hashlib.sha256(place.encode()).hexdigest()[:32]}"', at, output.size)


def media_type_of(found: FoundOutput) -> str:
    """The media type that the version declares, or where that is none, or several, what the name says."""
    declared = found.output.media_type or JSON
    if _MEDIA_TYPE.fullmatch(declared):
        return declared
    return mimetypes.guess_type("x" + PurePosixPath(found.output.name).suffix)[0] or _ANY
