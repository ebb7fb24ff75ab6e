"""Routes of models and tags."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelyard.domain.models import catalog, queries, sharing, versions
from modelyard.entrypoints.rest.model_shapes import (
    latest_model,
    model_details,
    model_summary,
    visibility_object,
)
from modelyard.entrypoints.rest.requests import (
    Caller,
    GuardedRoute,
    ThePlatform,
    next_link,
    read_flag,
    read_page,
    read_sort,
    read_text,
)
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models", tags=["models"], route_class=GuardedRoute)


class NewModel(BaseModel):
    """A model and its first version."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "sentiment", "version": "0.1.0"}})
    name: str
    version: str


class ModelChange(BaseModel):
    """What to change; absent or null leaves a field as it is."""

    name: str | None = None
    description: str | None = Field(None, description="The summary shown in the library.")
    tags: list[str | dict[str, Any]] | None = Field(None, description="Names or identifiers; the list replaces.")


class VisibilityChange(BaseModel):
    """What to change; absent or null leaves a field as it is."""

    scope: str | None = Field(None, description="`ALL`, `ACCOUNT`, `TEAM` or `PRIVATE`.")
    teams: list[str] | None = Field(None, description="Identifiers, for the scope TEAM; the list replaces.")


@router.get("", summary="List models")
async def list_models(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: modelId author createdByEmail name description isActive isExpired isRecommended isCommercial."""
    wanted = queries.ModelFilter(
        texts={name: text for name in ("modelId", *queries.TEXT_FILTERS) if (text := read_text(request, name))},
        flags={name: flag for name in queries.FLAG_FILTERS if (flag := read_flag(request, name)) is not None},
    )
    page = read_page(request)
    async with platform.database.read() as session:
        found = await queries.list_models(session, actor, wanted, page, read_sort(request))
    return Json(
        [model_summary(model) for model in found.entries], headers=next_link(request, page, has_next=found.has_next)
    )


@router.post("", status_code=201, summary="Create a model with its first version")
async def create_model(body: NewModel, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        model = await catalog.create_model(session, platform.clock, actor, name=body.name, version=body.version)
    return Json(model_details(model), 201)


@router.get("/latest", summary="All models with their details")
async def list_latest(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json([latest_model(model) for model in await queries.list_latest(session, actor)])


@router.get("/processing-engines", summary="Engines that are kept running at all times")
async def minimum_engines(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json({"minimumProcessingEnginesSum": await versions.minimum_engines_sum(session, actor)})


@router.get("/{model_id}", summary="Read a model")
async def read_model(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(model_details(await catalog.find_model(session, actor, model_id)))


@router.get("/{model_id}/related-models", summary="Models that share tags with a model")
async def list_related(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json([model_details(model) for model in await queries.list_related(session, actor, model_id)])


@router.patch("/{model_id}", summary="Change a model's name, summary and tags")
async def change_model(model_id: str, body: ModelChange, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        model = await catalog.change_model(
            session,
            platform.clock,
            actor,
            model_id,
            name=body.name,
            description=body.description,
            tags=None if body.tags is None else [_tag_name(tag) for tag in body.tags],
        )
    return Json(model_details(model))


def _tag_name(tag: str | dict[str, Any]) -> str:
    return tag if isinstance(tag, str) else str(tag.get("name") or tag.get("identifier") or "")


@router.get("/{model_id}/visibility", summary="Who may see a model")
async def read_visibility(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(visibility_object(await catalog.find_model(session, actor, model_id)))


@router.patch("/{model_id}/visibility", summary="Set who may see a model")
async def set_visibility(model_id: str, body: VisibilityChange, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        model = await sharing.set_visibility(
            session, platform.clock, actor, model_id, scope=body.scope, teams=body.teams
        )
    return Json(visibility_object(model))
