"""Times: as people read them, which is in UTC, and as people type them."""

import re
from datetime import UTC, datetime

import click

WIRE = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)(\.\d+)?(\+00:?00|Z)")
"""How the API writes times."""
SUFFIX = " UTC"
_TYPED = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE)


def readable(text: str) -> str:
    """A time of the API to the minute, such as `2026-11-25 15:15 UTC`; any other text as it is."""
    found = WIRE.fullmatch(text)
    return f"{found[1]} {found[2]}{SUFFIX}" if found else text


def is_past(text: str) -> bool:
    """Whether a time, as the API writes it or as somebody typed it, is over. Any other text is not."""
    from modelyard.core.clock import SystemClock

    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return False
    return (time if time.tzinfo else time.replace(tzinfo=UTC)) <= SystemClock().now()


class Time(click.ParamType[str]):
    """A time that somebody types, in UTC unless it names a zone; or one of some words."""

    name = "time"

    def __init__(self, *words: str) -> None:
        self.words = words

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in self.words:
            return value
        try:
            if not _TYPED.fullmatch(value):
                raise ValueError
            datetime.fromisoformat(value)
        except ValueError:
            more = "".join(f", or {word!r}" for word in self.words)
            self.fail(f"{value!r} is no time; write it like 2027-01-31 or 2027-01-31T12:00Z{more}.", param, ctx)
        return value
