"""The library: models as cards, found by words, tags and flags. All of its state stands in the address."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.facets import count_facets
from modelyard.domain.models.filters import model_conditions
from modelyard.domain.models.search.find import Hit, Search, found_by, search_models
from modelyard.domain.models.search.texts import read_shown_texts
from modelyard.domain.models.tag_queries import find_tags, list_predefined
from modelyard.entrypoints.rest.library_filters import read_model_filter
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.rest.search import read_position, read_sorting, snippet_of, write_position
from modelyard.entrypoints.web.frame import framed, read_frame
from modelyard.entrypoints.web.library_choices import LIBRARY, Choices, read_choices, shown_sets
from modelyard.entrypoints.web.model_cards import ModelCard, card_of
from modelyard.entrypoints.web.page_routes import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CARDS = 24
USUAL = ("", "")
ORDERS = {
    "name": ("name", ""),
    "newest": ("createdAt", "desc"),
    "last changed": ("updatedAt", "desc"),
    "last used": ("lastActiveDateTime", "desc"),
}
"""What people can sort by: `sort-by` and `direction` of the address."""


@dataclass(frozen=True, slots=True)
class FacetLink:
    """A tag at the left: how many models it leaves, and the address that turns it on or off."""

    name: str
    count: int
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that narrows what is shown, and the address without it."""

    name: str
    href: str


@router.get(LIBRARY)
async def show_library(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The best fitting first, or what changed last; `after` shows what follows."""
    wanted, sorting = read_model_filter(request), read_sorting(request)
    after = read_position(request, sorting)
    choices, now = read_choices(request, wanted.tags), platform.clock.now()
    sets = shown_sets(actor.email)
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "Library")
        found = await search_models(
            session, now, actor, choices.question, wanted, most=CARDS, sorting=sorting, after=after
        )
        words = await found_by(session, found)
        others = [*words, *model_conditions(replace(wanted, tags=()), now)]
        facets = await count_facets(session, actor, others, wanted.tags)
        names = {tag.identifier: tag.name for tag in await find_tags(session, actor, list(choices.tags))}
        names |= {tag.identifier: tag.name for tag in await list_predefined(session)}
        long_texts = await read_shown_texts(session, [hit.model.id for hit in found.hits if hit.is_by_long_texts])
    cards = await asyncio.to_thread(lambda: [_card(hit, found.terms, now, long_texts) for hit in found.hits])
    return framed(
        "library.html",
        frame,
        choices=choices,
        cards=cards,
        search=found,
        chips=_chips(choices, names, sets),
        categories=[(name, _facet_links(counts, names, choices)) for name, counts in facets.counts.items()],
        sets=[FacetLink(name, 0, choices.with_turned(its).address, choices.has(its)) for name, its in sets.items()],
        orders=[Chip(name, choices.with_order(order).address) for name, order in _orders(choices.question).items()],
        order_name=_order_name(choices),
        following=_following(choices, found),
        may_deploy=actor.may(Permission.DEPLOY_MODELS),
    )


def _orders(question: str) -> dict[str, tuple[str, str]]:
    """Without a question all fit alike, so that the usual order is the one of changes."""
    return {"relevance": USUAL, **ORDERS} if question else {**ORDERS, "last changed": USUAL}


def _order_name(choices: Choices) -> str:
    names = {order: name for name, order in [*ORDERS.items(), *_orders(choices.question).items()]}
    return names.get(choices.order, choices.order[0])


def _card(hit: Hit, terms: Sequence[str], now: datetime, long_texts: Mapping[str, list[str]]) -> ModelCard:
    snippet = snippet_of(hit.model, terms, long_texts) if terms else None
    is_seen = snippet is not None and snippet.text == hit.model.name
    return card_of(hit.model, now, None if is_seen else snippet)


def _facet_links(counts: Mapping[str, int], names: Mapping[str, str], choices: Choices) -> list[FacetLink]:
    links = [
        FacetLink(names[tag], number, choices.with_tag_turned(tag).address, tag in choices.tags)
        for tag, number in counts.items()
        if number or tag in choices.tags
    ]
    return sorted(links, key=lambda link: (-link.count, link.name))


def _chips(choices: Choices, names: Mapping[str, str], sets: Mapping[str, Mapping[str, str]]) -> list[Chip]:
    tags = [Chip(names.get(tag, tag), choices.with_tag_turned(tag).address) for tag in choices.tags]
    chosen = {name: filters for name, filters in sets.items() if choices.has(filters)}
    flags = [Chip(name, choices.with_turned(filters).address) for name, filters in chosen.items()]
    named = {name for filters in chosen.values() for name in filters}
    others = {name: value for name, value in choices.filters.items() if name not in named}
    return [*flags, *tags, *(Chip(f"{n}: {v}", choices.with_turned({n: v}).address) for n, v in others.items())]


def _following(choices: Choices, found: Search) -> str:
    if not found.has_next:
        return ""
    address = choices.address
    return f"{address}{'&' if '?' in address else '?'}after={write_position(found.hits[-1].position)}"
