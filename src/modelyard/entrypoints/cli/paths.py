"""Paths of the API, put together from parts that may be anything."""

from urllib.parse import quote

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit


def at(*parts: str) -> str:
    """The path of these parts; each stays one part, whatever is in it. Raises CommandFailed."""
    for part in parts:
        if part in {"", ".", ".."} or "/" in part or not part.isprintable():
            raise CommandFailed(f"{part!r} cannot be an identifier.", Exit.USAGE)
    return "/" + "/".join(quote(part, safe="@+:,") for part in parts)


def accounting(*parts: str) -> str:
    """The same below the part of the API that is about people."""
    return at("api", "accounting", *parts)
