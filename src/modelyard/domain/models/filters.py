"""What lists of models and versions can be narrowed to. `,` joins alternatives, `;` what must all be there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from modelyard.domain.models.tables import Model, Version, VersionStatus
from modelyard.domain.models.tag_filters import TagFilter, has_tags

MOST_PARTS = 50
"""Of one filter; the rest does not count."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From a time to right before another one; None is open."""

    start: datetime | None
    end: datetime | None


Spans = tuple[TimeSpan, ...]


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """Which models are wanted, by the API's names; what is not in it does not matter."""

    texts: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    times: Mapping[str, Spans] = field(default_factory=dict)
    tags: tuple[TagFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionFilter:
    """Which versions are wanted, the same way.

    Args:
        search: words that all have to be somewhere in number, name, summary or author.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    times: Mapping[str, Spans] = field(default_factory=dict)
    search: str = ""
    model: ModelFilter = field(default_factory=ModelFilter)


Flag = Callable[[datetime], Any]

MODEL_TEXTS: dict[str, Any] = {
    "author": Model.author,
    "createdByEmail": Model.created_by_email,
    "createdByFullName": Model.created_by_full_name,
    "name": Model.name_key,
    "description": Model.description,
}
MODEL_EXACT: dict[str, Any] = {"modelId": Model.id, "identifier": Model.id}
MODEL_FLAGS: dict[str, Flag] = {
    "isActive": lambda _: Model.is_active,
    "isRecommended": lambda _: Model.is_recommended,
    "isFeatured": lambda _: Model.is_recommended,
    "isCommercial": lambda _: Model.is_commercial,
    "isExpired": lambda now: and_(Model.expires_at.is_not(None), Model.expires_at <= now),
}
MODEL_TIMES: dict[str, Any] = {
    "lastActiveDateTime": Model.last_active_at,
    "expirationDateTime": Model.expires_at,
    "createdAt": Model.created_at,
    "updatedAt": Model.updated_at,
}
VERSION_TEXTS: dict[str, Any] = {"createdBy": Version.created_by_email}
VERSION_EXACT: dict[str, Any] = {"version": Version.version, "status": Version.status}
VERSION_FLAGS: dict[str, Flag] = {
    "isActive": lambda _: Version.status == VersionStatus.ACTIVE,
    "isAvailable": lambda _: true(),
    "isExperimental": lambda _: false(),
}
VERSION_TIMES: dict[str, Any] = {"createdAt": Version.created_at, "updatedAt": Version.updated_at}


def model_conditions(wanted: ModelFilter, now: datetime) -> list[ColumnElement[bool]]:
    """What rows of `models` have to fulfil."""
    return [
        *(contains(MODEL_TEXTS[name], text) for name, text in wanted.texts.items() if name in MODEL_TEXTS),
        *(is_one_of(MODEL_EXACT[name], text) for name, text in wanted.texts.items() if name in MODEL_EXACT),
        *_flags(MODEL_FLAGS, wanted.flags, now),
        *(within_spans(MODEL_TIMES[name], spans) for name, spans in wanted.times.items() if name in MODEL_TIMES),
        *map(has_tags, wanted.tags),
    ]


def version_conditions(wanted: VersionFilter, now: datetime) -> list[ColumnElement[bool]]:
    """What rows of `versions`, joined with their model, have to fulfil."""
    return [
        *(contains(VERSION_TEXTS[name], text) for name, text in wanted.texts.items() if name in VERSION_TEXTS),
        *(is_one_of(VERSION_EXACT[name], text.lower()) for name, text in wanted.texts.items() if name in VERSION_EXACT),
        *_flags(VERSION_FLAGS, wanted.flags, now),
        *(within_spans(VERSION_TIMES[name], spans) for name, spans in wanted.times.items() if name in VERSION_TIMES),
        *map(_is_somewhere, wanted.search.split()[:MOST_PARTS]),
        *model_conditions(wanted.model, now),
    ]


def contains(column: Any, text: str) -> ColumnElement[bool]:
    """Whether a column contains a text, in any case."""
    parts = 0
    alternatives = []
    for alternative in text.split(",")[:MOST_PARTS]:
        together = [part.strip() for part in alternative.split(";")][:MOST_PARTS]
        parts += len(together)
        if parts > MOST_PARTS:
            break
        alternatives.append(and_(*(_holds(column, part) for part in together)))
    return or_(*alternatives)


def is_one_of(column: Any, text: str) -> ColumnElement[bool]:
    """Whether a column is one of several values; nothing is two of them at once."""
    alternatives = [
        [part.strip() for part in alternative.split(";")] for alternative in text.split(",") if "\0" not in alternative
    ]
    values = {parts[0] for parts in alternatives if len(set(parts)) == 1}
    condition: ColumnElement[bool] = column.in_(sorted(values))
    return condition


def within_spans(column: Any, spans: Spans) -> ColumnElement[bool]:
    """Whether a time lies in one of several spans; a time that is not set lies in none."""
    return or_(false(), *(_within(column, span) for span in spans[:MOST_PARTS]))


def _within(column: Any, span: TimeSpan) -> ColumnElement[bool]:
    bounds = [column.is_not(None)]
    if span.start is not None:
        bounds.append(column >= span.start)
    if span.end is not None:
        bounds.append(column < span.end)
    return and_(*bounds)


def _flags(known: Mapping[str, Flag], wanted: Mapping[str, bool], now: datetime) -> list[ColumnElement[bool]]:
    conditions = [(known[name](now), flag) for name, flag in wanted.items() if name in known]
    return [condition if flag else ~condition for condition, flag in conditions]


def _holds(column: Any, part: str) -> ColumnElement[bool]:
    if "\0" in part:  # which no database keeps in a text
        return false()
    if column is Model.name_key:
        condition: ColumnElement[bool] = column.contains(part.casefold(), autoescape=True)
        return condition
    # SQLite takes the case of English letters away, not that of others: so these are looked for as people write them.
    variants = {part} if part.isascii() else {part, part.lower(), part.upper(), part.capitalize()}
    return or_(*(column.icontains(variant, autoescape=True) for variant in sorted(variants)))


def _is_somewhere(word: str) -> ColumnElement[bool]:
    return or_(*(_holds(column, word) for column in (Model.name_key, Model.description, Model.author, Version.version)))
