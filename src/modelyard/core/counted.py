"""Numbers of things in sentences: `1 row`, `2 rows`."""

_PLURALS = {"entry": "entries"}


def counted(number: int, thing: str) -> str:
    """So many of a thing, which is named in the singular."""
    return f"{number} {plural_unless_one(number, thing)}"


def plural_unless_one(number: int, thing: str) -> str:
    """The name of a thing as it stands behind their number."""
    return thing if number == 1 else _PLURALS.get(thing, thing + "s")
