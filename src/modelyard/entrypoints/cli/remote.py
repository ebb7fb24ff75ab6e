"""The one HTTP client of the command line. What goes wrong becomes a message and an exit code; never a traceback."""

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl

import httpx

import modelyard
from modelyard.entrypoints.cli.access import Access, is_local
from modelyard.entrypoints.cli.answers import Thing
from modelyard.entrypoints.cli.deadline import Deadline
from modelyard.entrypoints.cli.exit_codes import CommandFailed
from modelyard.entrypoints.cli.failures import NotOurServer, failure_of_answer, failure_of_connection

Query = Mapping[str, object]
LARGEST_ANSWER = 64 * 1024 * 1024
MOST_PAGES = 10_000
SECONDS_TO_CONNECT = 10.0
_TeamHeader = "Modzy-Team-Id"


@dataclass(frozen=True)
class Answer:
    """An answer below 300: its JSON, None when the body is empty."""

    content: Any
    cookies: httpx.Cookies
    next_address: str
    """Of the next page, as the server names it; empty on the last."""


class Remote:
    """A server, as one caller sees it. Every method raises CommandFailed."""

    def __init__(self, access: Access, *, seconds: float = 60, tell: Callable[[str], None] | None = None) -> None:
        self.access = access
        self.tell = tell or (lambda _: None)
        self._deadline = Deadline(seconds)
        self._client = httpx.Client(
            headers=_headers(access),
            timeout=httpx.Timeout(seconds, connect=min(seconds, SECONDS_TO_CONNECT)),
            follow_redirects=False,  # a key goes nowhere but to the server that it is for
            # the environment may name proxies, which are for other machines, and certificates of one's own
            transport=httpx.HTTPTransport() if is_local(access.url) else None,
        )

    def always_send(self, headers: Mapping[str, str]) -> None:
        """Sends these headers with all further requests, and no cookies but those among them."""
        self._client.cookies.clear()
        self._client.headers.update(headers)

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()

    def get(self, path: str, query: Query | None = None) -> Thing:
        """One thing."""
        return self._thing("GET", path, query=query)

    def post(self, path: str, body: object = None) -> Thing:
        """Creates, or starts something."""
        return self._thing("POST", path, body=body)

    def patch(self, path: str, body: object, query: Query | None = None) -> Thing:
        """Changes."""
        return self._thing("PATCH", path, query=query, body=body)

    def put(self, path: str, body: object = None) -> Thing:
        """Puts something into its place."""
        return self._thing("PUT", path, body=body)

    def delete(self, path: str, query: Query | None = None) -> Thing:
        """Deletes."""
        return self._thing("DELETE", path, query=query)

    def things(self, path: str, query: Query | None = None) -> list[Thing]:
        """A list that comes as a whole."""
        return self._things(self.call("GET", path, query=query))

    def pages(self, path: str, query: Query) -> Iterator[list[Thing]]:
        """A list page by page, as long as the server's `Link` header names a next one."""
        asked = dict(_sent(query))
        for _ in range(MOST_PAGES):
            answer = self.call("GET", path, query=asked)
            yield self._things(answer)
            following = dict(parse_qsl(answer.next_address.partition("?")[2]))
            if not following or following == asked:
                return
            asked = following  # only what it asks for: the address stays ours

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; `path` as `paths.at` makes it."""
        with self._answered(method, path, query, body, headers or {}) as response:
            content = self._read(response)
        next_address = response.links.get("next", {}).get("url", "")
        return Answer(self._json(response, content), response.cookies, next_address)

    def upload(
        self, path: str, file: Path, media_type: str, tell: Callable[[float], None], query: Query | None = None
    ) -> Thing:
        """Sends a file as the multipart part `file`; tells the share that is sent."""
        with file.open("rb") as opened:
            part = {"file": (file.name, _Told(opened, file.stat().st_size, tell), media_type)}
            with self._answered("POST", path, query, None, {}, endless=True, files=part) as response:
                content = self._read(response)
        found = self._json(response, content)
        return found if isinstance(found, dict) else {}

    def download(
        self, path: str, query: Query, file: BinaryIO, tell: Callable[[int], None], *, may_be_silent: bool = False
    ) -> None:
        """Writes an answer of any size to a file; tells the bytes that have come.

        Args:
            may_be_silent: whether it is no failure when nothing comes for long.
        """
        with self._answered("GET", path, query, None, {}, endless=True, may_be_silent=may_be_silent) as response:
            size = 0
            for chunk in response.iter_bytes():
                file.write(chunk)
                tell(size := size + len(chunk))

    @contextmanager
    def _answered(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: object,
        headers: Mapping[str, str],
        *,
        endless: bool = False,
        may_be_silent: bool = False,
        files: Mapping[str, Any] | None = None,
    ) -> Iterator[httpx.Response]:
        """Sends and yields the response, before its body is read."""
        url, began = self.access.url + path, time.monotonic()
        limits = _no_limit() if endless else self._deadline.running()
        try:
            with (
                limits,
                self._client.stream(
                    method,
                    url,
                    params=_sent(query or {}) or None,
                    json=body,
                    files=files,
                    headers=headers,
                    timeout=httpx.Timeout(SECONDS_TO_CONNECT, read=None) if may_be_silent else httpx.USE_CLIENT_DEFAULT,
                    extensions={"trace": self._deadline.watch},
                ) as response,
            ):
                self.tell(f"{method} {url}: {response.status_code} after {time.monotonic() - began:.2f} s")
                if not response.is_success:
                    raise failure_of_answer(self.access, response, self._read(response))
                yield response
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            seconds = self._deadline.seconds if self._deadline.is_over else None
            raise failure_of_connection(self.access, error, seconds) from None

    def _read(self, response: httpx.Response) -> bytes:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > LARGEST_ANSWER:
                raise CommandFailed(f"{self.access.url} answered with more than {LARGEST_ANSWER} bytes.")
        return bytes(content)

    def _json(self, response: httpx.Response, content: bytes) -> Any:
        if not content.strip():
            return None
        try:
            return json.loads(content, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise NotOurServer(self.access, response.headers.get("content-type", "")) from None

    def _thing(self, method: str, path: str, *, query: Query | None = None, body: object = None) -> Thing:
        content = self.call(method, path, query=query, body=body).content
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise NotOurServer(self.access, "JSON that is not an object")
        return content

    def _things(self, answer: Answer) -> list[Thing]:
        content = answer.content
        if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
            raise NotOurServer(self.access, "JSON that is not a list of objects")
        return content


class _Told(io.BufferedIOBase):
    """A file that tells how much of it has been read."""

    def __init__(self, file: BinaryIO, size: int, tell: Callable[[float], None]) -> None:
        self._file = file
        self._size = max(1, size)
        self._tell_share = tell

    def read(self, size: int | None = -1, /) -> bytes:
        piece = self._file.read(-1 if size is None else size)
        self._tell_share(self._file.tell() / self._size)
        return piece

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()


def _headers(access: Access) -> dict[str, str]:
    own = {"User-Agent": f"modelyard/{modelyard.__version__}", "Accept": "application/json"}
    authorization = {"Authorization": access.authorization} if access.authorization else {}
    return own | authorization | ({_TeamHeader: access.team} if access.team else {})


def _sent(query: Query) -> dict[str, str]:
    """A query without what was not given; times and flags as the API spells them."""
    texts = {True: "true", False: "false"}
    return {
        name: texts[value] if isinstance(value, bool) else str(value)
        for name, value in query.items()
        if value not in (None, "")
    }


def _refuse(constant: str) -> None:
    raise ValueError(constant)


@contextmanager
def _no_limit() -> Iterator[None]:
    yield
