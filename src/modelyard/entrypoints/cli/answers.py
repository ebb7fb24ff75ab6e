"""Reads what a server answered, which may be anything."""

from typing import Any

Thing = dict[str, Any]


def things(value: object) -> list[Thing]:
    """The objects of a list; none when it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
