"""Lists that come page by page."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from modelyard.client.errors import NotOurServer
from modelyard.client.exchange import Found, Query, Request, T, Thing, Walk, call, read_json

PER_PAGE = 500
MOST_PAGES = 10_000


def entries(path: str, query: Query, read: Callable[[Thing], T], most: int | None = None) -> Walk[T]:
    """Finds the entries of all pages one by one, or the first so many of them."""
    asked: Query = {**query, "page": 1, "per-page": min(PER_PAGE, most or PER_PAGE)}
    left = most
    for _ in range(MOST_PAGES):
        answer = yield from call(Request("GET", path, asked))
        page = read_json(answer)
        if not isinstance(page, list):
            raise NotOurServer("JSON that is not a list")
        for thing in page if left is None else page[:left]:
            yield Found(read(thing))
        left = None if left is None else left - len(page)
        following = _following(answer.headers.get("link", ""))
        if not following or following == asked or (left is not None and left <= 0):
            return
        asked = following  # only what it asks for: the address stays ours


def _following(link: str) -> dict[str, object]:
    """The query of the next page that a `Link` header names."""
    for part in link.split(","):
        address, _, rest = part.partition(";")
        if 'rel="next"' in rest:
            return dict(parse_qsl(address.strip(" <>").partition("?")[2]))
    return {}
