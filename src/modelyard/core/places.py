"""Where something is inside a JSON value, as people write it: `inputs[2].maximumSize`."""

import re
from collections.abc import Iterable, Sequence

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


def told_once(unread: Sequence[str], problems: Sequence[str]) -> list[str]:
    """What could not be read, and of what is wrong beside that what is not about the same places."""
    places = tuple(problem.partition(": ")[0] for problem in unread)
    inside = tuple(place + mark for place in places for mark in (": ", ".", "["))
    return [*unread, *(problem for problem in problems if not problem.startswith(inside))]
