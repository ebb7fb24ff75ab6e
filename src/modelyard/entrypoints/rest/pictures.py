"""Routes of pictures: of models, their snapshots, logos of accounts, and the pictures themselves."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from modelyard.adapters.storage.base import StoredFileNotFound
from modelyard.domain.models import catalog, generated_pictures, logos, picture_files, pictures, snapshots
from modelyard.domain.models.pictures import PictureNotFound, Words
from modelyard.entrypoints.rest.model_shapes import model_details
from modelyard.entrypoints.rest.picture_intake import is_known, picture_answer, read_picture_part, stored_picture
from modelyard.entrypoints.rest.picture_shapes import (
    PICTURES,
    account_images,
    model_images,
    snapshot_images,
    snapshot_object,
)
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.uploads import FILE_BODY
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(tags=["pictures"], route_class=GuardedRoute)
_IMAGE = "/api/models/{model_id}/image"
_SNAPSHOTS = "/api/models/{model_id}/snapshot-image"
_LOGO = "/api/accounting/accounts/{account}/logo"


class PictureWords(BaseModel):
    """What to change; absent or null leaves a text as it is, an empty one brings back what it is by default."""

    caption: str | None = Field(None, description="By default the model's name.")
    alt: str | None = Field(None, description="For screen readers; by default the caption.")

    def to_domain(self) -> Words:
        """The same in the domain's words."""
        return Words(self.caption, self.alt)


class SnapshotOrder(BaseModel):
    """Every snapshot once, in the order in which they are shown."""

    identifiers: list[str]


@router.get(_IMAGE, summary="The pictures of a model and the logo of its account")
async def read_images(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(model_images(await catalog.find_model(session, actor, model_id)))


@router.post(_IMAGE, status_code=201, summary="Set a model's picture", openapi_extra=FILE_BODY)
async def set_picture(model_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """JPEG or PNG, at least 1024 x 576. `description` or `caption`, and `alt`, in the query or as fields."""
    async with platform.database.read() as session:
        await catalog.find_model_to_change(session, actor, model_id)
    data, words = await read_picture_part(request)
    pictures.check_words(words)
    async with stored_picture(platform, data, picture_files.PICTURE) as picture, platform.database.write() as session:
        await pictures.set_picture(session, platform.clock, actor, model_id, picture, words)
    return await _details(platform, actor, model_id, 201)


@router.patch(_IMAGE, summary="Change the caption and the alternative text of a model's picture")
async def describe_picture(model_id: str, body: PictureWords, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await pictures.describe_picture(session, platform.clock, actor, model_id, body.to_domain())
    return await _details(platform, actor, model_id)


@router.delete(_IMAGE, summary="Remove a model's picture")
async def remove_picture(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    """The model shows one that is made from its name instead."""
    async with platform.database.write() as session:
        await pictures.remove_picture(session, platform.clock, actor, model_id)
    return await _details(platform, actor, model_id)


async def _details(platform: ThePlatform, actor: Caller, model_id: str, status: int = 200) -> Response:
    async with platform.database.read() as session:
        return Json(model_details(await catalog.find_model(session, actor, model_id), platform.clock.now()), status)


@router.get(_SNAPSHOTS, summary="The snapshot pictures of a model")
async def list_snapshots(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    return await _snapshots(platform, actor, model_id)


@router.post(_SNAPSHOTS, status_code=201, summary="Add a snapshot picture", openapi_extra=FILE_BODY)
async def add_snapshot(model_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """JPEG or PNG, at least 1024 x 576, shown whole. `caption` and `alt` in the query or as fields."""
    async with platform.database.read() as session:
        model = await snapshots.require_room(session, actor, model_id)
    data, words = await read_picture_part(request)
    pictures.check_words(words)
    async with stored_picture(platform, data, picture_files.SNAPSHOT) as picture, platform.database.write() as session:
        row = await snapshots.add_snapshot(session, platform.clock, actor, model_id, picture, words)
    return Json(snapshot_object(row, model.name), 201)


@router.put(_SNAPSHOTS, summary="Order the snapshot pictures")
async def order_snapshots(
    model_id: str, body: SnapshotOrder | list[str], platform: ThePlatform, actor: Caller
) -> Response:
    """The list of identifiers, bare or as the member `identifiers`."""
    identifiers = body if isinstance(body, list) else body.identifiers
    async with platform.database.write() as session:
        await snapshots.order_snapshots(session, platform.clock, actor, model_id, identifiers)
    return await _snapshots(platform, actor, model_id)


@router.patch(_SNAPSHOTS + "/{picture}", summary="Change the words of a snapshot picture")
async def describe_snapshot(
    model_id: str, picture: str, body: PictureWords, platform: ThePlatform, actor: Caller
) -> Response:
    async with platform.database.write() as session:
        await snapshots.describe_snapshot(session, platform.clock, actor, model_id, picture, body.to_domain())
    return await _snapshots(platform, actor, model_id)


@router.delete(_SNAPSHOTS + "/{picture}", summary="Remove a snapshot picture")
async def remove_snapshot(model_id: str, picture: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await snapshots.remove_snapshot(session, platform.clock, actor, model_id, picture)
    return await _snapshots(platform, actor, model_id)


async def _snapshots(platform: ThePlatform, actor: Caller, model_id: str) -> Response:
    async with platform.database.read() as session:
        return Json(snapshot_images(await catalog.find_model(session, actor, model_id)))


@router.get(_LOGO, summary="The logo of an account")
async def read_logo(account: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        found, logo = await logos.find_logo(session, actor, account)
    return Json(_logo_object(account_images(found.id, found.name, logo)))


@router.post(_LOGO, status_code=201, summary="Set the logo of an account", openapi_extra=FILE_BODY)
async def set_logo(account: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """By administrators of the account or of the installation. All models of the account show it."""
    async with platform.database.read() as session:
        await logos.find_logo_to_change(session, actor, account)
    data, words = await read_picture_part(request)
    pictures.check_words(words)
    async with stored_picture(platform, data, picture_files.LOGO) as picture, platform.database.write() as session:
        found, logo = await logos.set_logo(session, platform.clock, actor, account, picture, words)
    return Json(_logo_object(account_images(found.id, found.name, logo)), 201)


@router.delete(_LOGO, summary="Remove the logo of an account")
async def remove_logo(account: str, platform: ThePlatform, actor: Caller) -> Response:
    """Its models show one that is made from its name instead."""
    async with platform.database.write() as session:
        found = await logos.remove_logo(session, platform.clock, actor, account)
    return Json(_logo_object(account_images(found.id, found.name, None)))


def _logo_object(images: list[dict[str, Any]]) -> dict[str, Any]:
    return images[0]


@router.get(PICTURES + "/{address}", summary="A picture", response_class=Response)
async def read_picture(address: str, request: Request, platform: ThePlatform) -> Response:
    """Public for whoever knows the address, which cannot be guessed. What it shows never changes."""
    parts = picture_files.parse_address(address)
    if parts is None:
        raise PictureNotFound
    async with platform.database.read() as session:
        artwork = await generated_pictures.find_picture(session, parts)
    if is_known(request, parts):
        return picture_answer(parts, None)
    if artwork is not None:
        size = picture_files.SIZES[parts.relation]
        content = await platform.artist.draw(artwork, size.width, size.height, parts.extension)
        return picture_answer(parts, content)
    try:
        return picture_answer(parts, await platform.storage.get(parts.storage_key))
    except StoredFileNotFound:  # removed since we looked
        raise PictureNotFound from None
