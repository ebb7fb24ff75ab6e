"""How tests look at pages: as a browser that sends forms, and reads what comes back."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp

from tests.asgi import Answer, AsgiClient

BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin"}
FORM = {"content-type": "application/x-www-form-urlencoded", **BROWSER}


class Browser(AsgiClient):
    """A client that keeps cookies."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._jar: dict[str, str] = {}

    async def call(self, method: str, path: str, *args: Any, headers: Any = None, **options: Any) -> Answer:
        """The same, with the cookies that came before."""
        jar = {"cookie": "; ".join(f"{name}={value}" for name, value in self._jar.items())} if self._jar else {}
        answer = await super().call(method, path, *args, headers={**jar, **(headers or {})}, **options)
        self._jar |= answer.cookies
        return answer


async def look(client: AsgiClient, path: str, status: int = 200) -> str:
    """The text of a page, with its tags."""
    answer = await client.call("GET", path, headers=dict(BROWSER))
    assert answer.status == status, (answer.status, answer.headers, answer.body[:300])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.body.decode()


async def send(client: AsgiClient, path: str, /, **fields: str | list[str]) -> Answer:
    """Sends a form from a page of ours; a list for boxes that are checked."""
    return await client.call("POST", path, data=urlencode(fields, doseq=True).encode(), headers=dict(FORM))


async def sent_on(client: AsgiClient, path: str, /, **fields: str | list[str]) -> str:
    """Where a form leads on to, without what the page there says of it."""
    answer = await send(client, path, **fields)
    assert answer.status == 303, (answer.status, words(answer.body.decode())[:600])
    return answer.headers["location"].partition("?done=")[0]


async def refused(client: AsgiClient, path: str, status: int, /, **fields: str | list[str]) -> str:
    """The page that shows a form again."""
    answer = await send(client, path, **fields)
    assert answer.status == status, (answer.status, answer.headers, words(answer.body.decode())[:600])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.body.decode()


def wrong_at(page: str, field: str) -> str:
    """What stands at a field as wrong; empty for a field that is right."""
    found = re.search(rf'<p class="wrong" id="{field}-wrong">(.*?)</p>', page, re.DOTALL)
    return unescape(found[1]) if found else ""


def links(page: str) -> list[str]:
    """Where the page leads."""
    return [unescape(address) for address in re.findall(r'<a [^>]*href="([^"]*)"', page)]


def words(page: str) -> str:
    """What one reads on it: neither tags, nor more than one space."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def span_of_charts(page: str) -> tuple[int, int]:
    """The first and last second that the first line on a page is about."""
    found = re.search(r'data-start="(\d+)" data-stop="(\d+)"', page)
    assert found
    return int(found[1]), int(found[2])
