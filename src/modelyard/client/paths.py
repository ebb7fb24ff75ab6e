"""Paths of the API, put together from parts that may be anything."""

from urllib.parse import quote

from modelyard.client.errors import BadInputs


def at(*parts: str) -> str:
    """The path of these parts; each stays one part, whatever is in it. Raises BadInputs."""
    for part in parts:
        if part in {"", ".", ".."}:
            raise BadInputs(f"{part!r} cannot be part of an address; give it another name.")
    return "/api/" + "/".join(quote(part, safe="@+:,", errors="surrogatepass") for part in parts)
