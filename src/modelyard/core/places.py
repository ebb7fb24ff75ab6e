"""Where something is inside a JSON value, as people write it: `inputs[2].maximumSize`."""

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z_$][\w$-]*", re.ASCII)
LONGEST = 200


def place_of(path: Iterable[str | int]) -> str:
    """The path of members and positions in one text, shortened when it is long; empty for the value itself."""
    place = ""
    for part in path:
        if isinstance(part, int):
            place += f"[{part}]"
        elif _PLAIN.fullmatch(part):
            place += f".{part}" if place else part
        else:
            place += f"[{part[:LONGEST]!r}]"
    return place if len(place) <= LONGEST else place[:LONGEST] + "…"
