"""Makes what a server sent harmless for a terminal: what would move the cursor or reorder text becomes visible."""

import json
import sys
import unicodedata
from typing import TextIO

_HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_HARMLESS = "\u200c\u200d"
"""Joiners, which Persian, Indian scripts and emoji need."""
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
    if unicodedata.category(one) not in _HARMFUL or one in _HARMLESS:
        return one
    return one.encode("unicode_escape").decode("ascii")


def _escaped(one: str) -> str:
    is_harmful = unicodedata.category(one) in _HARMFUL and one != "\n" and one not in _HARMLESS
    return json.dumps(one)[1:-1] if is_harmful else one
