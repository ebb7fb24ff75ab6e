"""Routes of models and tags."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from modelyard.domain.models import catalog, pictures, queries, sharing, tags, versions
from modelyard.domain.models.standing import Expiry, Standing
from modelyard.entrypoints.rest import intake
from modelyard.entrypoints.rest.model_shapes import model_details, tag_object, tagged_model, visibility_object
from modelyard.entrypoints.rest.requests import AnyCaller, Caller, GuardedRoute, ThePlatform, parse_time
from modelyard.entrypoints.rest.uploads import FILE_BODY, read_file_part
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models", tags=["models"], route_class=GuardedRoute)
pictures_router = APIRouter(prefix="/api/pictures", tags=["models"], route_class=GuardedRoute)


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
        return Json({"minimumProcessingEnginesSum": await versions.minimum_engines_sum(session, actor)})


@router.get("/tags", summary="All predefined tags")
async def list_tags(platform: ThePlatform) -> Response:
    """Public, because old clients send no key here; tags that people made up are not in it."""
    async with platform.database.read() as session:
        return Json([tag_object(tag) for tag in await tags.list_tags(session) if tag.is_categorical])


@router.get("/tags/{tag_ids}", summary="Some tags, and the models that carry one of them")
async def read_tagged(tag_ids: str, platform: ThePlatform, actor: AnyCaller) -> Response:
    """Identifiers with commas between. Public as the list is: without a key only models that everybody may see."""
    wanted = [part.strip().lower() for part in tag_ids.split(",") if part.strip()][: tags.MOST_TAGS]
    async with platform.database.read() as session:
        models = await queries.list_tagged(session, actor, wanted)
        found = await tags.find_tags(session, wanted)
    carried = {tag.identifier for model in models for tag in model.tags}
    shown = [tag for tag in found if tag.is_categorical or tag.identifier in carried]
    return Json({"tags": [tag_object(tag) for tag in shown], "models": [tagged_model(model) for model in models]})


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
            standing=Standing(body.isRecommended, body.isCommercial, _expiry(body.expirationDateTime)),
        )
    return Json(model_details(model, platform.clock.now()))


def _expiry(text: str | None) -> Expiry | None:
    """When a model expires; null leaves it as it is, an empty text takes the end away."""
    if text is None:
        return None
    return Expiry(parse_time(text.strip(), "expirationDateTime") if text.strip() else None)


def _tag_name(tag: str | dict[str, Any]) -> str:
    return tag if isinstance(tag, str) else str(tag.get("identifier") or tag.get("name") or "")


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


@router.post("/{model_id}/image", status_code=201, summary="Set a model's picture", openapi_extra=FILE_BODY)
async def set_picture(
    model_id: str,
    request: Request,
    platform: ThePlatform,
    actor: Caller,
    description: Annotated[str, Query(description="Caption.")] = "",
) -> Response:
    async with platform.database.read() as session:
        await catalog.find_model_to_change(session, actor, model_id)
    part = await read_file_part(request, name="file", max_bytes=pictures.LARGEST_FILE)
    caption = description or part.fields.get("caption", "")
    model = await intake.receive_picture(platform, actor, model_id, part.data, caption=caption)
    return Json(model_details(model, platform.clock.now()), 201)


@pictures_router.get("/{address}", summary="A picture", response_class=StreamingResponse)
async def read_picture(address: str, platform: ThePlatform) -> Response:
    """Public for whoever knows the address, which is random."""
    async with platform.database.read() as session:
        picture = await pictures.find_picture(session, address)
    body: AsyncIterator[bytes] = platform.storage.get_stream(picture.storage_key)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Security-Policy": "sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",  # pages of others may show it
    }
    return StreamingResponse(body, media_type=picture.media_type, headers=headers)
