"""All tokens and components on one page, made of what the other pages are made of, to look at when one changes."""

import re
from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.domain.jobs.item_pages import OutputEntry
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.web.assets import STATIC
from modelyard.entrypoints.web.explanations import Piece
from modelyard.entrypoints.web.frame import framed, read_frame
from modelyard.entrypoints.web.model_cards import ModelCard
from modelyard.entrypoints.web.output_views import shown_output
from modelyard.entrypoints.web.page_routes import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)
STATES = (
    *("active", "partial", "inactive", "expired", "submitted", "queued", "open", "in progress", "running"),
    *("completed", "successful", "failed", "canceled", "timed out", "starting", "ready", "paused", "draining"),
    *("quarantined", "with errors"),
)
_SIZES = {"tiny", "small", "normal", "lead", "large", "huge"}
_SPANS = {"space", "radius", "radius-large", "rail"}
_TOKEN = re.compile(r"^  --([\w-]+):", re.MULTILINE)
_DOCUMENT = b'{"data":{"result":{"classPredictions":[{"class":"positive","score":0.93}]},"explanation":null}}'
_PIECES = (Piece("A "), Piece("good", 0.44, 4), Piece(" day, but a "), Piece("slow", -0.12, 2), Piece(" train."))
_CARD = ModelCard(
    href="/models",
    name="Sentiment of Short Texts",
    summary="Says whether a text sounds positive, negative or neutral, and which words make it so.",
    author="Acme",
    version="1.0.0",
    status="active",
    scope="TEAM",
    is_recommended=True,
    features=("Explainable",),
    tags=("text",),
    picture=None,
    snippet=(("… what a ", False), ("good", True), (" day …", False)),
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The names of tokens by what they are for."""

    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    spans: tuple[str, ...]
    others: tuple[str, ...]


@cache
def tokens() -> Tokens:
    """What `tokens.css` defines, in its order."""
    names = tuple(dict.fromkeys(_TOKEN.findall((STATIC / "tokens.css").read_text(encoding="utf-8"))))
    others = tuple(name for name in names if name in {"sans", "mono", "shadow", "quick"})
    sizes = tuple(name for name in names if name in _SIZES)
    spans = tuple(name for name in names if name in _SPANS)
    rest = {*others, *sizes, *spans}
    return Tokens(tuple(name for name in names if name not in rest), sizes, spans, others)


@router.get("/styleguide")
async def show_styleguide(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Open to everybody who is known."""
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "")
    outputs = [
        OutputEntry("results.json", "application/json", len(_DOCUMENT), _DOCUMENT),
        OutputEntry("segments.csv", "text/csv", 30, b"start,end\n0.75,1.47\n2.40,3.45\n"),
        OutputEntry("notes.txt", "text/plain", 12, b"A plain text"),
        OutputEntry("model.bin", "application/octet-stream", 5_000_000, None),
    ]
    return framed(
        "styleguide.html",
        frame,
        now=platform.clock.now(),
        tokens=tokens(),
        states=STATES,
        card=_CARD,
        pieces=_PIECES,
        outputs=[shown_output("example", "0001", output) for output in outputs],
    )
