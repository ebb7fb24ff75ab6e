"""Routes of model cards: read, replace, revisions, side by side, what is missing, export."""

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from modelyard.core.errors import InvalidInput
from modelyard.domain.models import card_schemas, cards
from modelyard.domain.models.card_compare import compare_cards
from modelyard.domain.models.card_export import as_markdown, read_sheet
from modelyard.entrypoints.rest.card_page import HEADERS, card_page
from modelyard.entrypoints.rest.card_shapes import (
    CardBody,
    card_object,
    difference_object,
    etag_of,
    revision_object,
)
from modelyard.entrypoints.rest.requests import (
    Caller,
    GuardedRoute,
    ThePlatform,
    next_link,
    read_page,
    read_text,
    read_time,
)
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models/{model_id}/versions/{version}/card", tags=["cards"], route_class=GuardedRoute)
_TAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')
_AT = Query(description="A time: as it was then.")
_NUMBER = re.compile(r"[0-9]{1,9}")


@router.get("", summary="Read the card of a version")
async def read_card(
    model_id: str,
    version: str,
    request: Request,
    platform: ThePlatform,
    actor: Caller,
    at: Annotated[str, _AT] = "",  # noqa: ARG001 - read as leniently as other times
) -> Response:
    """As it is, or with `at` as it was then. The header `ETag` is the revision; 0 where nobody has written anything."""
    moment = read_time(request, "at")
    async with platform.database.read() as session:
        state = await cards.read_card(session, actor, model_id, version, at=moment)
    return Json(card_object(state), headers=etag_of(state))


@router.put("", summary="Replace the card of a version")
async def write_card(
    model_id: str, version: str, body: CardBody, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    """Makes a new revision, also of an active version. With the header `If-Match: "3"` only while it is at 3 (412)."""
    known = _known_revisions(request.headers.get("if-match"))
    async with platform.database.write() as session:
        state = await cards.write_card(session, platform.clock, actor, model_id, version, body.to_card(), known=known)
    return Json(card_object(state), headers=etag_of(state))


@router.get("/revisions", summary="List the revisions of a card")
async def list_revisions(
    model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    """Newest first, in pages."""
    page = read_page(request)
    async with platform.database.read() as session:
        found = await cards.list_revisions(session, actor, model_id, version, page)
    rows = [revision_object(state) for state in found.entries]
    return Json(rows, headers=next_link(request, page, has_next=found.has_next))


@router.get("/revisions/{revision}", summary="Read a revision of a card")
async def read_revision(model_id: str, version: str, revision: str, platform: ThePlatform, actor: Caller) -> Response:
    number = _revision(revision)
    async with platform.database.read() as session:
        return Json(card_object(await cards.read_card(session, actor, model_id, version, number=number)))


@router.get("/compare", summary="Compare the card with that of another version")
async def compare(
    model_id: str,
    version: str,
    platform: ThePlatform,
    actor: Caller,
    other: Annotated[str, Query(alias="with", description="The version on the right.")] = "",
    revision: Annotated[str, Query(description="A revision of its card; the newest when absent.")] = "",
) -> Response:
    """Member by member; of texts that differ, which words were removed and added."""
    number = _revision(revision.strip()) if revision.strip() else None
    async with platform.database.read() as session:
        left = await cards.read_card(session, actor, model_id, version)
        right = await cards.read_card(session, actor, model_id, other.strip() or version, number=number)
    differences = await asyncio.to_thread(compare_cards, left.plain(), right.plain())
    sides: dict[str, Any] = {
        name: {"version": state.version.version, **revision_object(state)}
        for name, state in (("left", left), ("right", right))
    }
    return Json(sides | {"fields": [difference_object(each) for each in differences]})


@router.get("/problems", summary="What the card lacks before the version can be active")
async def list_problems(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    """What the account asks of cards, and this one does not have."""
    async with platform.database.read() as session:
        problems = await card_schemas.list_gaps(session, actor, model_id, version)
    return Json({"isComplete": not problems, "problems": problems})


@router.get("/export", summary="The card as a document")
async def export(
    model_id: str,
    version: str,
    request: Request,
    platform: ThePlatform,
    actor: Caller,
    at: Annotated[str, _AT] = "",  # noqa: ARG001
    kind: Annotated[str, Query(alias="format", description="markdown, html or json.")] = "markdown",
) -> Response:
    """Markdown with the front matter that model hubs read, a page of HTML that loads nothing, or JSON."""
    moment, kind = read_time(request, "at"), read_text(request, "format").lower() or "markdown"
    if kind not in {"markdown", "html", "json"}:
        raise InvalidInput(f"format must be markdown, html or json, not {kind[:40]!r}.")
    async with platform.database.read() as session:
        sheet = await read_sheet(session, actor, model_id, version, at=moment)
    if kind == "json":
        return Json(sheet.plain())
    if kind == "html":
        page = await asyncio.to_thread(card_page, sheet)
        return Response(page, media_type="text/html; charset=utf-8", headers=HEADERS)
    name = f'attachment; filename="{model_id}-{version}-card.md"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response(as_markdown(sheet), media_type="text/markdown; charset=utf-8", headers=headers)


def _known_revisions(header: str | None) -> set[int] | None:
    """The revisions of an `If-Match` header; None for none, and for `*`. Raises InvalidInput."""
    if header is None or header.strip() == "*":
        return None
    tags = [_TAG.fullmatch(part.strip()) for part in header[:1000].split(",")]
    if not all(tags):
        raise InvalidInput(f'If-Match must be what ETag said, such as "3", not {header[:40]!r}.')
    return {int(tag[1]) for tag in tags if tag}


def _revision(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise InvalidInput(f"The revision must be a whole number, not {text[:40]!r}.")
    return int(text)
