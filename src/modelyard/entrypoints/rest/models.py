"""Routes of models: create, read, change, and who may see them."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelyard.domain.models import catalog, licence, sharing
from modelyard.domain.models.standing import Expiry, Standing
from modelyard.entrypoints.rest.model_shapes import model_details, visibility_object
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, parse_time
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
    isRecommended: bool | None = Field(None, description="Only administrators can change it.")  # noqa: N815
    isCommercial: bool | None = Field(None, description="Only administrators can change it.")  # noqa: N815
    expirationDateTime: str | None = Field(None, description="A time; an empty text is never.")  # noqa: N815


class VisibilityChange(BaseModel):
    """What to change; absent or null leaves a field as it is."""

    scope: str | None = Field(None, description="`ALL`, `ACCOUNT`, `TEAM` or `PRIVATE`.")
    teams: list[str] | None = Field(None, description="Identifiers, for the scope TEAM; the list replaces.")


@router.post("", status_code=201, summary="Create a model with its first version")
async def create_model(body: NewModel, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        model = await catalog.create_model(session, platform.clock, actor, name=body.name, version=body.version)
    return Json(model_details(model, platform.clock.now()), 201)


@router.get("/processing-engines", summary="Engines that are kept running at all times")
async def minimum_engines(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json({"minimumProcessingEnginesSum": await licence.minimum_engines_sum(session, actor)})


@router.get("/{model_id}", summary="Read a model")
async def read_model(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(model_details(await catalog.find_model(session, actor, model_id), platform.clock.now()))


@router.patch("/{model_id}", summary="Change a model")
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
            standing=Standing(body.isRecommended, body.isCommercial, read_expiry(body.expirationDateTime)),
        )
    return Json(model_details(model, platform.clock.now()))


def read_expiry(text: str | None) -> Expiry | None:
    """When a model expires; null leaves it as it is, an empty text takes the end away."""
    if text is None:
        return None
    return Expiry(parse_time(text.strip(), "expirationDateTime") if text.strip() else None)


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
