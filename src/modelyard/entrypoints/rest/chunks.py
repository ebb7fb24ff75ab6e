"""Routes of inputs that are uploaded in chunks: append one, ask how much is there, close the job."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.app import Platform
from modelyard.core.errors import InvalidInput
from modelyard.domain.jobs import queries
from modelyard.domain.jobs.chunks import Chunk
from modelyard.domain.jobs.open_jobs import InputPlace
from modelyard.entrypoints.rest.intake import CHECK_BYTES, require_room
from modelyard.entrypoints.rest.job_shapes import job_details, receipt
from modelyard.entrypoints.rest.quoted_paths import QuotedRoute
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, read_text
from modelyard.entrypoints.rest.uploads import IncomingPart
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["jobs"], route_class=QuotedRoute)
PART = "input"
LONGEST_OFFSET = 15
NAMES_SHOWN = 100
"""The answer to a chunk shows at most so many names of the job's items."""
_CHUNK_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [PART],
                    "properties": {PART: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post("/close", status_code=202, summary="Run an open job with the inputs that it has")
async def close_job(job_id: str, platform: ThePlatform, actor: Caller) -> Response:
    """A job that was closed already is left as it is, and answered alike."""
    found = await platform.closer.close(actor, job_id)
    async with platform.database.read() as session:
        names = await queries.item_names(session, [job_id])
    return Json(receipt(found, names[job_id]), 202)


@router.post(
    "/{item_name:path}/{input_name}",
    status_code=202,
    summary="Append a chunk to an input of an open job",
    openapi_extra=_CHUNK_BODY,
)
async def append_chunk(
    job_id: str, item_name: str, input_name: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    """With `offset`, bytes from the beginning of the input: what is there already is not appended again."""
    incoming = IncomingPart(request, name=PART, takes_nameless=True)
    chunk = Chunk(_with_room(platform, incoming.pieces()), lambda: incoming.part.media_type, _read_offset(request))
    found = await platform.chunks.append(actor, InputPlace(job_id, item_name, input_name), chunk)
    async with platform.database.read(is_brief=True) as session:
        names = await queries.item_names(session, [job_id], most_each=NAMES_SHOWN)
    return Json(job_details(found, names[job_id]), 202)


@router.get("/{item_name:path}/{input_name}", summary="How much of an uploaded input is there")
async def read_size(job_id: str, item_name: str, input_name: str, platform: ThePlatform, actor: Caller) -> Response:
    """`size` is the offset of the next chunk."""
    async with platform.database.read() as session:
        size = await platform.chunks.read_size(session, actor, InputPlace(job_id, item_name, input_name))
    return Json({"jobIdentifier": job_id, "identifier": item_name, "input": input_name, "size": size})


async def _with_room(platform: Platform, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    unchecked = CHECK_BYTES
    async for piece in pieces:
        unchecked += len(piece)
        if unchecked > CHECK_BYTES:
            require_room(platform.data_dir)
            unchecked = 0
        yield piece


def _read_offset(request: Request) -> int | None:
    text = read_text(request, "offset")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_OFFSET):
        raise InvalidInput(f"offset must be a whole number of bytes, not {text[:40]!r}.")
    return int(text)
