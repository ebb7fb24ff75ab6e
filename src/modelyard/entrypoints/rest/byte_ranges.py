"""Which part of a file a request wants, or whether its sender has it already (RFC 9110, chapters 13 and 14)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_RANGE = re.compile(r"bytes=\s*(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))\s*", re.ASCII | re.IGNORECASE)
"""One range. Of several the whole file is sent, as anybody may do."""


@dataclass(frozen=True, slots=True)
class Representation:
    """A file as requests compare it. The tag is strong, with its quotes; the size is in bytes."""

    tag: str
    changed_at: datetime
    size: int

    @property
    def headers(self) -> dict[str, str]:
        """What tells the sender of a request for which part to ask next time."""
        at = format_datetime(self.changed_at.astimezone(UTC).replace(microsecond=0), usegmt=True)
        return {"ETag": self.tag, "Last-Modified": at, "Accept-Ranges": "bytes"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to answer: a status, and the bytes from start to before end."""

    status: int
    start: int = 0
    end: int = 0


def what_is_wanted(headers: Mapping[str, str], file: Representation) -> Wanted:
    """200 with everything, 206 with a part, 304 for who has it already, 416 where the file has no such part."""
    if _has_it(headers, file):
        return Wanted(304)
    found = _RANGE.fullmatch(headers.get("range", ""))
    if found is None or not _may_have_a_part(headers.get("if-range"), file):
        return Wanted(200, 0, file.size)
    first, last, suffix = found.groups()
    if suffix is not None:
        length = min(int(suffix), file.size)
        return Wanted(206, file.size - length, file.size) if length else Wanted(416)
    if last is not None and int(last) < int(first):  # no range at all
        return Wanted(200, 0, file.size)
    if int(first) >= file.size:
        return Wanted(416)
    return Wanted(206, int(first), file.size if last is None else min(file.size, int(last) + 1))


def _has_it(headers: Mapping[str, str], file: Representation) -> bool:
    known = headers.get("if-none-match")
    if known is not None:
        return bool({tag.strip().removeprefix("W/") for tag in known.split(",")} & {file.tag, "*"})
    since = _read_date(headers.get("if-modified-since", ""))
    return since is not None and file.changed_at.replace(microsecond=0) <= since


def _may_have_a_part(condition: str | None, file: Representation) -> bool:
    """Whether what the sender has the beginning of is still the same; a date cannot say so as surely as a tag."""
    if condition is None or condition.strip() == file.tag:
        return True
    return _read_date(condition) == file.changed_at.replace(microsecond=0)


def _read_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
