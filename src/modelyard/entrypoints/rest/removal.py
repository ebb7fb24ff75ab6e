"""Routes that delete models and versions, bring them back, and clone versions."""

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from modelyard.domain.models.catalog import find_version
from modelyard.domain.removal import delete, remove, restore
from modelyard.entrypoints.rest.library_filters import MOST_DETAILED, MOST_SHORT, read_bounded_page
from modelyard.entrypoints.rest.model_shapes import deleted_model, deleted_version, model_details
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, next_link
from modelyard.entrypoints.rest.versions import version_answer
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models", tags=["models"], route_class=GuardedRoute)
_HARD = Query(False, description="Remove it for good; only administrators can.")


class NewName(BaseModel):
    """What to call a restored model; absent or null leaves its name."""

    name: str | None = None


class Clone(BaseModel):
    """A version to make out of another one."""

    version: str
    containerImage: bool = True  # noqa: N815 - the API's spelling


@router.get("/deleted", summary="Models that can be restored")
async def list_deleted(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Those that one may change, the last deleted first."""
    page, now = read_bounded_page(request, MOST_DETAILED), platform.clock.now()
    async with platform.database.read() as session:
        found = await restore.list_deleted_models(session, actor, page)
    rows = [deleted_model(model, now) for model in found.entries]
    return Json(rows, headers=next_link(request, page, has_next=found.has_next))


@router.delete("/{model_id}", status_code=204, summary="Delete a model")
async def delete_model(model_id: str, platform: ThePlatform, actor: Caller, hard: bool = _HARD) -> Response:
    """It can be restored, unless it is removed for good. Refused while jobs run."""
    act = remove.remove_model if hard else delete.delete_model
    async with platform.database.write() as session:
        await act(session, platform.clock, actor, model_id)
    return Response(status_code=204)


@router.post("/{model_id}/restore", summary="Restore a deleted model")
async def restore_model(model_id: str, platform: ThePlatform, actor: Caller, body: NewName | None = None) -> Response:
    """With all that hangs off it; its versions are not active at first."""
    name = body.name if body else None
    async with platform.database.write() as session:
        model = await restore.restore_model(session, platform.clock, actor, model_id, name=name)
    return Json(model_details(model, platform.clock.now()))


@router.get("/{model_id}/versions/deleted", summary="Versions that can be restored", tags=["versions"])
async def list_deleted_versions(model_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    page = read_bounded_page(request, MOST_SHORT)
    async with platform.database.read() as session:
        found = await restore.list_deleted_versions(session, actor, model_id, page)
    rows = [deleted_version(row) for row in found.entries]
    return Json(rows, headers=next_link(request, page, has_next=found.has_next))


@router.delete("/{model_id}/versions/{version}", status_code=204, summary="Delete a version", tags=["versions"])
async def delete_version(
    model_id: str, version: str, platform: ThePlatform, actor: Caller, hard: bool = _HARD
) -> Response:
    """It can be restored, unless it is removed for good. Refused while jobs run, and for the only version."""
    act = remove.remove_version if hard else delete.delete_version
    async with platform.database.write() as session:
        await act(session, platform.clock, actor, model_id, version)
    return Response(status_code=204)


@router.post("/{model_id}/versions/{version}/restore", summary="Restore a deleted version", tags=["versions"])
async def restore_version(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    """It is not active at first."""
    async with platform.database.write() as session:
        row = await restore.restore_version(session, platform.clock, actor, model_id, version)
        return await version_answer(session, platform.clock.now(), row)


@router.post("/{model_id}/versions/{version}/clone", status_code=201, summary="Clone a version", tags=["versions"])
async def clone_version(model_id: str, version: str, body: Clone, platform: ThePlatform, actor: Caller) -> Response:
    """A new version with the words, contract, metrics, samples, test files and image of another one, all untested."""
    await platform.cloner.clone(actor, model_id, version, to=body.version, with_image=body.containerImage)
    async with platform.database.read() as session:
        row = await find_version(session, actor, model_id, body.version)
        return await version_answer(session, platform.clock.now(), row, 201)
