"""What the card of a model shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelyard.domain.models.features import features_of
from modelyard.domain.models.search.snippets import Snippet
from modelyard.domain.models.shown_version import shown_version
from modelyard.domain.models.standing import is_expired
from modelyard.domain.models.tables import Model
from modelyard.entrypoints.rest.picture_shapes import model_images


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model in the library.

    Args:
        snippet: pieces of a text, each with whether it is one of the words that were looked for.
    """

    href: str
    name: str
    summary: str
    author: str
    version: str
    status: str
    scope: str
    """Who sees it: a `Scope`."""
    is_recommended: bool
    features: tuple[str, ...]
    tags: tuple[str, ...]
    picture: dict[str, Any] | None
    snippet: tuple[tuple[str, bool], ...] = ()


def card_of(model: Model, now: datetime, snippet: Snippet | None = None) -> ModelCard:
    """The card of a model whose versions, tags and pictures are loaded."""
    shown = shown_version(model)
    version = shown.version if shown else ""
    return ModelCard(
        href=address_of(model.id, version),
        name=model.name,
        summary=model.description,
        author=model.author,
        version=version,
        status="expired" if is_expired(model, now) else str(shown.status) if shown else "no version",
        scope=model.scope,
        is_recommended=model.is_recommended,
        features=tuple(feature.name for feature in features_of(shown)) if shown else (),
        tags=tuple(tag.name for tag in model.tags),
        picture=picture_of(model, "card"),
        snippet=_pieces(snippet) if snippet else (),
    )


def address_of(model_id: str, version: str = "") -> str:
    """The page of a model, or of one version of it."""
    return f"/models/{model_id}/{version}" if version else f"/models/{model_id}"


def picture_of(model: Model, relation: str) -> dict[str, Any] | None:
    """A model's picture in one of its sizes; one is drawn where none was uploaded."""
    return next((image for image in model_images(model) if image["relationType"] == relation), None)


def _pieces(snippet: Snippet) -> tuple[tuple[str, bool], ...]:
    pieces: list[tuple[str, bool]] = [("… ", False)] if snippet.is_cut_before else []
    at = 0
    for start, end in snippet.marks:
        pieces += [(snippet.text[at:start], False), (snippet.text[start:end], True)]
        at = end
    pieces += [(snippet.text[at:], False), *([(" …", False)] if snippet.is_cut_after else [])]
    return tuple(piece for piece in pieces if piece[0])
