"""The route that finds models by words."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.core.errors import InvalidInput
from modelyard.domain.models.facets import count_facets
from modelyard.domain.models.filters import model_conditions
from modelyard.domain.models.search.find import Hit, found_by, search_models
from modelyard.domain.models.search.order import BestComeFirst, Order, OrderUnknown, Position, Sorting, behind
from modelyard.domain.models.search.snippets import Snippet, cut_best_snippet
from modelyard.domain.models.search.texts import read_shown_texts
from modelyard.domain.models.tables import Model
from modelyard.domain.models.tag_queries import list_predefined
from modelyard.entrypoints.rest.library_filters import read_model_filter
from modelyard.entrypoints.rest.model_shapes import model_details
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, read_page, read_text
from modelyard.entrypoints.rest.tags import facets_object
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models", tags=["models"], route_class=GuardedRoute)
MOST_HITS = 100


class NoPosition(InvalidInput):
    """What stands in `after` was not given by an answer of ours."""

    def __init__(self) -> None:
        super().__init__("after: take it from the member `next` of the answer before, as it is, with the same sort-by.")


@router.get("/search", summary="Find models by words")
async def search(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """`q` holds the words, which may be beginnings; filters and `tags` are those of the list of models. The best come
    first: words in the name, then in tags and author, in the summary, in everything else; or `sort-by` says name,
    author, createdAt, updatedAt or lastActiveDateTime, and `direction` asc or desc. `per-page` hits at once, 10 unless
    given; `after` is the member `next` of the answer before.
    """
    question, wanted = read_text(request, "q"), read_model_filter(request)
    most = min(read_page(request).size or 10, MOST_HITS)
    sorting, now = read_sorting(request), platform.clock.now()
    after = read_position(request, sorting)
    async with platform.database.read() as session:
        found = await search_models(session, now, actor, question, wanted, most=most, sorting=sorting, after=after)
        words = await found_by(session, found)
        facets = await count_facets(session, actor, [*words, *model_conditions(wanted, now)])
        named = {tag.identifier: tag for tag in await list_predefined(session)}
        long_texts = await read_shown_texts(session, [hit.model.id for hit in found.hits if hit.is_by_long_texts])
    hits = await asyncio.to_thread(lambda: [_hit(hit, found.terms, now, long_texts) for hit in found.hits])
    following = write_position(found.hits[-1].position) if found.has_next else None
    body: dict[str, Any] = {
        "total": found.total,
        "isMore": found.is_more,
        "terms": list(found.terms),
        "corrected": found.corrected,
        "models": hits,
        "facets": facets_object(facets, named),
        "next": following,
    }
    headers = {"Link": f'<{_next_address(request, following)}>; rel="next"'} if following else {}
    return Json(body, headers=headers)


def _hit(hit: Hit, terms: tuple[str, ...], now: datetime, long_texts: dict[str, list[str]]) -> dict[str, Any]:
    shown = model_details(hit.model, now)
    snippet = snippet_of(hit.model, terms, long_texts)
    return shown | ({"snippet": _snippet_object(snippet)} if snippet else {})


def snippet_of(model: Model, terms: Sequence[str], long_texts: Mapping[str, list[str]]) -> Snippet | None:
    """The piece of a model's texts that has most of the words; of its name last, as that stands there anyway."""
    short = [model.description, " ".join(tag.name for tag in model.tags), model.author, model.name]
    return cut_best_snippet([*short, *long_texts.get(model.id, [])], terms)


def _snippet_object(snippet: Snippet) -> dict[str, Any]:
    """`marks` are pairs of start and end in `text`, in characters."""
    return {
        "text": snippet.text,
        "marks": [list(mark) for mark in snippet.marks],
        "isCutBefore": snippet.is_cut_before,
        "isCutAfter": snippet.is_cut_after,
    }


def read_sorting(request: Request) -> Sorting:
    """`sort-by` and `direction`; the best first without them. Raises OrderUnknown, BestComeFirst."""
    word, direction = read_text(request, "sort-by") or Order.RELEVANCE, read_text(request, "direction").lower()
    order = next((order for order in Order if order.lower() == word.lower()), None)
    if order is None:
        raise OrderUnknown(word)
    if order is Order.RELEVANCE and direction:
        raise BestComeFirst
    if direction not in {"", "asc", "desc"}:
        raise InvalidInput(f"direction must be asc or desc, not {direction[:40]!r}.")
    return Sorting(order, descending=direction == "desc")


def write_position(position: Position) -> str:
    """A place in what was found, as it stands in addresses."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def read_position(request: Request, sorting: Sorting) -> Position | None:
    """Where `after` says to go on. Raises NoPosition, also for a place in another order."""
    text = read_text(request, "after")
    if not text:
        return None
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        position = msgspec.json.decode(decoded, type=Position)
        behind(position)  # a time that is none shows here
        if position.sorting != sorting or "\0" in position.value + position.model_id:
            raise NoPosition
    except (ValueError, msgspec.DecodeError, BestComeFirst):
        raise NoPosition from None
    return position


def _next_address(request: Request, following: str) -> str:
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    return f"{request.url.replace(query='')}?{urlencode([*query, ('after', following)])}"
