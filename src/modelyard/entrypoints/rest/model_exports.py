"""Routes that take a model out of an installation as one file, and bring it into another."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from modelyard.adapters.runtimes.base import Runtime
from modelyard.app import Platform
from modelyard.core.errors import Unavailable
from modelyard.domain.transfer.model_export import ALL, ExportedModel, ModelExporter, find_export, record_export
from modelyard.domain.transfer.model_writing import write_model_export
from modelyard.entrypoints.rest.intake import require_room
from modelyard.entrypoints.rest.model_export_intake import import_model_export
from modelyard.entrypoints.rest.model_export_shapes import model_export_documents
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, read_flag, read_text
from modelyard.entrypoints.rest.uploads import FILE_BODY
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models", tags=["models"], route_class=GuardedRoute)


class NoRuntime(Unavailable):
    """The images cannot be read."""

    def __init__(self) -> None:
        super().__init__("No container runtime answers, so the images cannot be read; try again, or leave them out.")


@router.get("/{model_id}/export", summary="A model as one file", response_class=Response)
async def export_model(
    model_id: str,
    request: Request,
    platform: ThePlatform,
    actor: Caller,
    versions: Annotated[str, Query(description=f"A version, or `{ALL}`; the newest active one when absent.")] = "",  # noqa: ARG001
    images: Annotated[str, Query(description="`false`: without container images.")] = "",  # noqa: ARG001
) -> Response:
    """A tar with the model, the versions, their cards, test files, samples and images, and the pictures."""
    with_images = read_flag(request, "images") is not False
    async with platform.database.read() as session:
        found = await find_export(session, actor, model_id, read_text(request, "versions").lower())
    now = platform.clock.now()
    documents = model_export_documents(found, now, images=with_images)
    runtime = await _runtime(platform, found) if with_images and found.images else None
    async with platform.database.write() as session:
        record_export(session, platform.clock, actor, found, images=with_images)
    members = ModelExporter(platform.storage, platform.uploads).members(found, documents, runtime)
    headers = {
        "Content-Disposition": f'attachment; filename="{model_id}.modelyard.tar"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(write_model_export(members, now), media_type="application/x-tar", headers=headers)


async def _runtime(platform: Platform, found: ExportedModel) -> Runtime:
    """The runtime, once it is sure that it has the images and the disk has room for each. Raises before any byte."""
    if platform.containers is None:
        raise NoRuntime
    runtime = platform.containers.runtime
    for image_id in found.images:
        await platform.containers.images.bring(image_id)
        require_room(platform.uploads, (await runtime.inspect_image(image_id)).size)
    return runtime


@router.post("/import", status_code=201, summary="Import a model from a file", openapi_extra=FILE_BODY)
async def import_model(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The multipart part `file`, as an export gives it. Versions come as drafts, to be tested; images are on their way.

    Makes a new model of the caller's; where the same model is theirs already, adds the versions that it lacks (200).
    """
    arrival = await import_model_export(platform, actor, request)
    answer = {
        "identifier": arrival.model_id,
        "modelId": arrival.model_id,
        "isNew": arrival.is_new,
        "added": arrival.added,
        "present": arrival.present,
        "notes": arrival.notes,
    }
    return Json(answer, 201 if arrival.is_new else 200)
