"""Calls an ASGI application in this process, and sends even what no well-behaved client would."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Answer:
    """What the application answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: Mapping[str, str] = field(default_factory=dict)
    """Those that the answer sets; empty texts for those that it takes back."""

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class AsgiClient:
    """One caller. Headers given with a call win over those of the caller; None leaves one out."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] | None = None) -> None:
        self.app = app
        self._headers = {"host": "testserver", **(headers or {})}

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        data: bytes | Iterable[bytes] = b"",
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """One request; `body` is sent as JSON, `data` as it is, several pieces as they come."""
        sent: dict[str, str | None] = {**self._headers}
        if body is not None:
            data = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        chunks = [data] if isinstance(data, bytes) else list(data)
        return await self._exchange(_scope(method, path, sent), chunks)

    async def upload(
        self,
        path: str,
        content: bytes,
        *,
        name: str = "file",
        file_name: str = "image.tar",
        media_type: str = "application/octet-stream",
    ) -> Answer:
        """A file as a part of a multipart body."""
        head = (
            f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        )
        data = head.encode() + content + b"\r\n--edge--\r\n"
        return await self.multipart(path, data)

    async def multipart(self, path: str, data: bytes, boundary: str = "edge") -> Answer:
        """A multipart body as it is."""
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        return await self.call("POST", path, data=_pieces(data), headers=headers)

    async def _exchange(self, scope: dict[str, Any], chunks: list[bytes]) -> Answer:
        waiting = [
            {"type": "http.request", "body": chunk, "more_body": index + 1 < len(chunks)}
            for index, chunk in enumerate(chunks)
        ]
        sent: list[Message] = []
        answered = asyncio.Event()

        async def receive() -> Message:
            if waiting:
                return waiting.pop(0)
            await answered.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                answered.set()

        try:
            await self.app(scope, receive, send)
        except Exception:
            # Starlette answers, then lets the error go on to the server, which logs it.
            if not sent:
                raise
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], headers, body, _cookies(sent[0]))


def _scope(method: str, target: str, headers: Mapping[str, str | None]) -> dict[str, Any]:
    raw_path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items() if value is not None],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "state": {},
    }


def _cookies(start: Message) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    for name, value in start["headers"]:
        if name == b"set-cookie":
            jar.load(value.decode("latin-1"))
    return {name: morsel.value for name, morsel in jar.items()}


def _pieces(data: bytes, size: int = 65_536) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)] or [b""]
