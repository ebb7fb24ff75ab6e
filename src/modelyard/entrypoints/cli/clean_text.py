"""Makes what a server sent harmless for a terminal: what would move the cursor or reorder text becomes visible."""

import json
import sys
import unicodedata
from typing import TextIO

from modelyard.core.harmless import is_unseen

_LONGEST_MESSAGE = 4000


def clean(text: str) -> str:
    """One line without control characters; those that were there are written as `\\x1b`."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def clean_lines(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """The same, but lines stay; what is longer than a screen or two is cut."""
    cut = text if len(text) <= longest else text[:longest] + " …"
    return "\n".join(map(clean, cut.replace("\r\n", "\n").split("\n")))


def clean_json(value: object) -> str:
    """Indented JSON of exactly the value; characters that a terminal would obey are written as `\\u009b`."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if text.isascii() and "\x7f" not in text else "".join(map(_escaped, text))


def width(text: str) -> int:
    """How many columns a clean text takes."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else not unicodedata.combining(one) for one in text)


def writable(text: str, stream: TextIO | None = None) -> str:
    """The text as the stream's encoding can write it."""
    encoding = (stream or sys.stdout).encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _visible(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii") if is_unseen(one) else one


def _escaped(one: str) -> str:
    return json.dumps(one)[1:-1] if is_unseen(one) and one != "\n" else one
