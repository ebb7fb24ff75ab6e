"""Routes of results: all of a job, one item, one output."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from modelyard.app import Platform
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.inference.outputs import JSON
from modelyard.domain.jobs.results import find_output, read_results
from modelyard.domain.jobs.tables import ItemOutput
from modelyard.entrypoints.rest.job_shapes import item_result, results_object
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, public_address
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/results/{job_id}", tags=["results"], route_class=GuardedRoute)

_OUTPUT_HEADERS = {"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store"}
"""An output is whatever a model wrote: a browser may show it, but must not run it."""


@router.get("", summary="Results of a job, as far as they are there")
async def read_job_results(job_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        results = await read_results(session, actor, job_id)
    if results.items:
        await platform.downloads.tell(actor, job_id)
    return Json(results_object(results, public_address(request)))


@router.get("/datasource/{item_name:path}/output/{output_name}", summary="One output, as the model wrote it")
async def read_datasource_output(
    job_id: str, item_name: str, output_name: str, platform: ThePlatform, actor: Caller
) -> Response:
    return await _output(platform, actor, job_id, item_name, output_name)


@router.get("/datasource/{item_name:path}", summary="The result of one item")
async def read_item_result(
    job_id: str, item_name: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    async with platform.database.read() as session:
        results = await read_results(session, actor, job_id, item_name=item_name)
    await platform.downloads.tell(actor, job_id, item=item_name)
    return Json(item_result(results.job, results.items[0], public_address(request)))


@router.get("/{item_name:path}/{output_name}", summary="One output, by a shorter address")
async def read_output(job_id: str, item_name: str, output_name: str, platform: ThePlatform, actor: Caller) -> Response:
    return await _output(platform, actor, job_id, item_name, output_name)


async def _output(platform: Platform, actor: Actor, job_id: str, item_name: str, output_name: str) -> Response:
    async with platform.database.read() as session:
        output = await find_output(session, actor, job_id, item_name, output_name)
    await platform.downloads.tell(actor, job_id, item=item_name, output=output_name)
    headers = _OUTPUT_HEADERS | {"Content-Length": str(output.size)}
    return StreamingResponse(_body(platform, output), media_type=output.media_type or JSON, headers=headers)


async def _body(platform: Platform, output: ItemOutput) -> AsyncIterator[bytes]:
    if output.storage_key is None:
        yield output.data or b""
        return
    async for chunk in platform.storage.get_stream(output.storage_key):
        yield chunk
