"""Numbers of things in sentences: `1 row`, `2 rows`."""

_PLURALS = {"entry": "entries"}


def counted(number: int, thing: str) -> str:
    """So many of a thing, which is named in the singular."""
    return f"{number} {thing if number == 1 else _PLURALS.get(thing, thing + 's')}"
