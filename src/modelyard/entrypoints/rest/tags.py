"""Routes of tags: those that one may see, how many models have each, and what administrators do to them."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from modelyard.domain.models import queries, tag_changes, tag_queries
from modelyard.domain.models.facets import Facets, count_facets
from modelyard.domain.models.filters import model_conditions
from modelyard.domain.models.picture_files import ICON
from modelyard.domain.models.tables import Tag
from modelyard.domain.models.tag_filters import read_identifiers
from modelyard.entrypoints.rest.library_filters import MOST_SHORT, read_bounded_page, read_model_filter, shortened
from modelyard.entrypoints.rest.model_shapes import tag_object, tagged_model
from modelyard.entrypoints.rest.picture_intake import read_picture_part, stored_picture
from modelyard.entrypoints.rest.requests import AnyCaller, Caller, GuardedRoute, ThePlatform, next_link
from modelyard.entrypoints.rest.uploads import FILE_BODY
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models", tags=["tags"], route_class=GuardedRoute)


class TagChange(BaseModel):
    """A new name; the identifier follows it."""

    name: str


class Merge(BaseModel):
    """Which tag takes the place of the other one, by identifier or name."""

    into: str


@router.get("/tags", summary="All tags that one may see")
async def list_tags(platform: ThePlatform, actor: AnyCaller) -> Response:
    """The predefined ones, and those made up for models that one may see. Public: old clients send no key."""
    async with platform.database.read() as session:
        return Json([tag_object(tag) for tag in await tag_queries.list_tags(session, actor)])


@router.get("/tag-counts", summary="How many models have each tag")
async def count_tags(platform: ThePlatform, actor: AnyCaller) -> Response:
    """Of the models that one may see; public as the list of tags is."""
    async with platform.database.read() as session:
        counts = await tag_queries.count_tags(session, actor)
    return Json([tag_object(each.tag) | {"modelCount": each.models} for each in counts])


@router.get("/facets", summary="Count models by predefined tags, within filters")
async def read_facets(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The filters of the list of models, and `tags`: `a;b` both, `a,b` one of them; repeated, all of them hold.

    A `tags` that names alternatives of one category does not narrow the counts of that category.
    """
    wanted = read_model_filter(request)
    filters = model_conditions(replace(wanted, tags=()), platform.clock.now())
    async with platform.database.read() as session:
        facets = await count_facets(session, actor, filters, wanted.tags)
        named = {tag.identifier: tag for tag in await tag_queries.list_predefined(session)}
    return Json(facets_object(facets, named))


def facets_object(facets: Facets, named: dict[str, Tag]) -> dict[str, Any]:
    categories = [
        {
            "dataType": category,
            "tags": [tag_object(named[tag]) | {"modelCount": number} for tag, number in counts.items() if tag in named],
        }
        for category, counts in facets.counts.items()
    ]
    return {"modelCount": facets.models, "categories": categories}


@router.get("/tags/{tag_ids}", summary="Some tags, and the models that carry one of them")
async def read_tagged(tag_ids: str, request: Request, platform: ThePlatform, actor: AnyCaller) -> Response:
    """Identifiers with commas between. Public as the list is: without a key only models that everybody may see. These
    come in pages as those of lists do, without `page` and `per-page` up to 10,000 at once.
    """
    wanted, page = read_identifiers(tag_ids), read_bounded_page(request, MOST_SHORT)
    async with platform.database.read() as session:
        models = await queries.list_tagged(session, actor, wanted, page)
        found = await tag_queries.find_tags(session, actor, wanted)
    body = {"tags": [tag_object(tag) for tag in found], "models": [tagged_model(model) for model in models.entries]}
    return Json(body, headers=next_link(request, shortened(page, models), has_next=models.has_next))


@router.patch("/tags/{tag}", summary="Rename a tag that people made up")
async def rename_tag(tag: str, body: TagChange, platform: ThePlatform, actor: Caller) -> Response:
    """Models keep it. The identifier follows the name."""
    async with platform.database.write() as session:
        return Json(tag_object(await tag_changes.rename_tag(session, platform.clock, actor, tag, body.name)))


@router.post("/tags/{tag}/merge", summary="Merge a tag into another one")
async def merge_tag(tag: str, body: Merge, platform: ThePlatform, actor: Caller) -> Response:
    """Models that had the first have the second from now on; the first is deleted."""
    async with platform.database.write() as session:
        merged, number = await tag_changes.merge_tag(session, platform.clock, actor, tag, body.into)
        return Json(tag_object(merged) | {"changedModels": number})


@router.delete("/tags/{tag}", status_code=204, summary="Delete a tag that no model has")
async def delete_tag(tag: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await tag_changes.delete_tag(session, platform.clock, actor, tag)
    return Response(status_code=204)


@router.post("/tags/{tag}/image", status_code=201, summary="Set the image of a tag", openapi_extra=FILE_BODY)
async def set_tag_image(tag: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """JPEG or PNG, at least 32 x 32; cut to a square."""
    async with platform.database.read() as session:
        await tag_changes.find_tag_to_change(session, actor, tag)
    data, _ = await read_picture_part(request)
    async with stored_picture(platform, data, ICON) as picture, platform.database.write() as session:
        return Json(tag_object(await tag_changes.set_tag_image(session, platform.clock, actor, tag, picture)), 201)


@router.delete("/tags/{tag}/image", summary="Remove the image of a tag")
async def remove_tag_image(tag: str, platform: ThePlatform, actor: Caller) -> Response:
    """A predefined tag shows one that is made for it instead."""
    async with platform.database.write() as session:
        return Json(tag_object(await tag_changes.remove_tag_image(session, platform.clock, actor, tag)))
