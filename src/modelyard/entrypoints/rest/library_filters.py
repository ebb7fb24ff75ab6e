"""Reads the filters of the library's lists: texts, booleans, and times or spans of time."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request

from modelyard.core.errors import InvalidInput
from modelyard.core.paging import Found, Page
from modelyard.domain.models.filters import (
    MODEL_EXACT,
    MODEL_FLAGS,
    MODEL_TEXTS,
    MODEL_TIMES,
    VERSION_EXACT,
    VERSION_FLAGS,
    VERSION_TEXTS,
    VERSION_TIMES,
    ModelFilter,
    Spans,
    TimeSpan,
    VersionFilter,
)
from modelyard.domain.models.tag_filters import TagFilter, read_tag_filter
from modelyard.entrypoints.rest.requests import parse_time, read_flag, read_page, read_text

MOST_SHORT = 10_000
MOST_DETAILED = 1_000
"""Entries of a list whose page is not said, or larger: short ones, and those with all details."""
MOST_TAG_FILTERS = 20
MOST_FILTER_TAGS = 50
"""In all of them: each becomes a condition, and databases plan long for hundreds of these, or refuse them."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FRACTION = re.compile(r"\.(\d+)")
_LOST_PLUS = re.compile(r"(:\d{2}(?:\.\d+)?) (\d{2}:?\d{2})$")


def read_model_filter(request: Request, prefix: str = "") -> ModelFilter:
    """The filters of a list of models; with a prefix those on the models of versions. Raises InvalidInput."""
    return ModelFilter(
        texts=_texts(request, (*MODEL_TEXTS, *MODEL_EXACT), prefix),
        flags=_flags(request, MODEL_FLAGS, prefix),
        times=_times(request, MODEL_TIMES, prefix),
        tags=read_tag_filters(request, prefix),
    )


def read_tag_filters(request: Request, prefix: str = "") -> tuple[TagFilter, ...]:
    """All `tags` of the query; every one of them has to hold. Raises InvalidInput."""
    texts = request.query_params.getlist(prefix + "tags")[:MOST_TAG_FILTERS]
    filters = tuple(found for text in texts if (found := read_tag_filter(text[:5000])))
    if sum(len(alternative) for each in filters for alternative in each.alternatives) > MOST_FILTER_TAGS:
        raise InvalidInput(f"tags: at most {MOST_FILTER_TAGS} in all.")
    return filters


def read_version_filter(request: Request) -> VersionFilter:
    """The filters of a list of versions. Raises InvalidInput."""
    return VersionFilter(
        texts=_texts(request, (*VERSION_TEXTS, *VERSION_EXACT)),
        flags=_flags(request, VERSION_FLAGS),
        times=_times(request, VERSION_TIMES),
        search=read_text(request, "search"),
        model=read_model_filter(request, "model."),
    )


def read_bounded_page(request: Request, most: int) -> Page:
    """The page, or the first so many entries: the rest of the list is behind the `Link`."""
    page = read_page(request)
    return replace(page, size=min(most, page.size or most))


def shortened(page: Page, found: Found[Any]) -> Page:
    """The page as it came out: shorter where not all of it fitted into the answer, so that the next one follows it."""
    return page if page.is_asked or not found.has_next else replace(page, size=len(found.entries))


def read_spans(request: Request, name: str) -> Spans:
    """Times or spans with commas between: `2026-01-02`, `2026-01-02T03:04:05Z`, `2026-01-01..2026-01-31`."""
    return tuple(_span(part.strip(), name) for part in read_text(request, name).split(",") if part.strip())


def _span(text: str, name: str) -> TimeSpan:
    first, dots, last = text.partition("..")
    if not dots:
        return TimeSpan(*_bounds(text, name))
    if not first and not last:
        raise InvalidInput(f"{name}: a span such as 2026-01-01..2026-01-31 needs at least one end.")
    return TimeSpan(_bounds(first, name)[0] if first else None, _bounds(last, name)[1] if last else None)


def _bounds(text: str, name: str) -> tuple[datetime, datetime]:
    """Where what the text names begins, and where it ends: a day, a minute, a second, or a part of one."""
    text = _LOST_PLUS.sub(r"\1+\2", text)  # a plus sign that was not encoded arrives as a space
    start = parse_time(text, name)
    try:
        return start, start + _length(text)
    except OverflowError:
        raise InvalidInput(f"{name} is out of range.") from None


def _length(text: str) -> timedelta:
    if _DAY.fullmatch(text):
        return timedelta(days=1)
    if fraction := _FRACTION.search(text):
        return timedelta(microseconds=10 ** max(0, 6 - len(fraction[1])))
    return timedelta(seconds=1 if text.count(":") > 1 and _has_seconds(text) else 60)


def _has_seconds(text: str) -> bool:
    return re.search(r"\d{2}:\d{2}:\d{2}", text) is not None


def _texts(request: Request, names: Iterable[str], prefix: str = "") -> dict[str, str]:
    return {name: text for name in names if (text := read_text(request, prefix + name))}


def _flags(request: Request, names: Iterable[str], prefix: str = "") -> dict[str, bool]:
    return {name: flag for name in names if (flag := read_flag(request, prefix + name)) is not None}


def _times(request: Request, names: Iterable[str], prefix: str = "") -> dict[str, Spans]:
    return {name: spans for name in names if (spans := read_spans(request, prefix + name))}
