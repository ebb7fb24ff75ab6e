"""Versions of the form x.y.z: reading and ordering them."""

import re
from collections.abc import Iterable

from modelyard.core.errors import InvalidInput

_FORM = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})", re.ASCII)


class VersionMalformed(InvalidInput):
    """The text is not three whole numbers with dots between."""

    def __init__(self, text: str) -> None:
        super().__init__(f"The version {text[:40]!r} is not of the form x.y.z with whole numbers, such as 0.1.0.")


def check_version(text: str) -> str:
    """Returns the text when it is a version. Raises VersionMalformed."""
    if not _FORM.fullmatch(text):
        raise VersionMalformed(text)
    return text


def order_key(text: str) -> str:
    """A text to sort versions by, every part filled up with zeros: 1.10.0 comes after 1.9.0."""
    return ".".join(part.rjust(9, "0") for part in text.split("."))


def next_version(numbers: Iterable[str]) -> str:
    """A number after all of these: the next minor one."""
    parts = [[int(part) for part in number.split(".")] for number in numbers]
    major, minor, _patch = max(parts, default=[0, 0, 0])
    return f"{major}.{minor + 1}.0"
