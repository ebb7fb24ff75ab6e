"""Routes that find models and versions: lists, permalinks, related ones."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.domain.models import queries, related, version_queries
from modelyard.domain.models.permalinks import follow_permalink
from modelyard.entrypoints.rest.library_filters import (
    MOST_DETAILED,
    MOST_SHORT,
    read_bounded_page,
    read_model_filter,
    read_version_filter,
    shortened,
)
from modelyard.entrypoints.rest.model_shapes import latest_model, model_details, model_summary, version_details
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, next_link, read_sort
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models", tags=["models"], route_class=GuardedRoute)


@router.get("", summary="List models")
async def list_models(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: modelId author createdByEmail createdByFullName name description isActive isExpired isRecommended
    (or isFeatured) isCommercial lastActiveDateTime expirationDateTime createdAt updatedAt; `sort-by` takes the same
    names, latestVersion and visibility.scope. `,` joins alternatives, `;` what must all be there.
    """
    wanted, page, now = read_model_filter(request), read_bounded_page(request, MOST_SHORT), platform.clock.now()
    async with platform.database.read() as session:
        found = await queries.list_models(session, now, actor, wanted, page, read_sort(request))
    return Json(
        [model_summary(model) for model in found.entries], headers=next_link(request, page, has_next=found.has_next)
    )


@router.get("/latest", summary="Models with their details, the last changed first")
async def list_latest(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters and orders are those of the list of models."""
    wanted, page, now = read_model_filter(request), read_bounded_page(request, MOST_DETAILED), platform.clock.now()
    async with platform.database.read() as session:
        found = await queries.list_latest(session, now, actor, wanted, page, read_sort(request))
    return Json(
        [latest_model(model, now) for model in found.entries], headers=next_link(request, page, has_next=found.has_next)
    )


@router.get("/all/versions/all", summary="The versions of all models")
async def list_all_versions(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: search version createdAt createdBy status isAvailable updatedAt isActive isExperimental, and those of
    the list of models after `model.`; `sort-by` takes version createdAt createdBy updatedAt status isActive
    processing.minimumParallelCapacity processing.maximumParallelCapacity timeout.status timeout.run
    requirement.requirementId, and what models are sorted by after `model.`. Pages that are too large are refused.
    """
    wanted, page, now = read_version_filter(request), read_bounded_page(request, MOST_DETAILED), platform.clock.now()
    async with platform.database.read() as session:
        found = await version_queries.list_all_versions(session, now, actor, wanted, page, read_sort(request))
    rows = [version_details(row, now) for row in found.entries]
    return Json(rows, headers=next_link(request, shortened(page, found), has_next=found.has_next))


@router.get("/permalink/{permalink}", summary="Read a model by its permalink")
async def read_permalink(permalink: str, platform: ThePlatform, actor: Caller) -> Response:
    """One with an earlier name or author is answered with 308, and leads to the current one."""
    async with platform.database.read() as session:
        followed = await follow_permalink(session, actor, permalink)
    if followed.moved_to is not None:
        address = f"{router.prefix}/permalink/{quote(followed.moved_to, safe='')}"
        return Json({"permalink": followed.moved_to}, 308, headers={"Location": address})
    return Json(model_details(followed.model, platform.clock.now()))


@router.get("/{model_id}/related-models", summary="Models that have much in common with a model")
async def list_related(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    """The closest first: they share tags, inputs and outputs, words of name and summary; rare ones count most."""
    async with platform.database.read() as session:
        models = await related.list_related(session, actor, model_id)
    return Json([model_details(model, platform.clock.now()) for model in models])


@router.get("/{model_id}/versions", summary="List the versions of a model", tags=["versions"])
async def list_versions(model_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: version createdAt createdBy status isAvailable updatedAt isActive isExperimental."""
    wanted, page, now = read_version_filter(request), read_bounded_page(request, MOST_SHORT), platform.clock.now()
    async with platform.database.read() as session:
        found = await version_queries.list_versions(session, now, actor, model_id, wanted, page, read_sort(request))
    rows = [{"version": row.version, "status": row.status} for row in found.entries]
    return Json(rows, headers=next_link(request, page, has_next=found.has_next))
