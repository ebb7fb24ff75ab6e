"""What happens to every request: tolerant paths, a request id, a size limit, safe headers, a log line."""

import re
import secrets
import time
from collections.abc import Iterable
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelyard.core.harmless import one_line
from modelyard.core.logs import log
from modelyard.entrypoints.rest.measures import Measures

_REQUEST_ID = re.compile(r"[\w-]{8,64}", re.ASCII)
_REPEATED_PREFIX = re.compile(r"^(/+api)+(?=/|$)/*(?=/|$)")
_Header = tuple[bytes, bytes]
_SAFE_HEADERS: tuple[_Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),  # without any, forms of our own pages come with the origin "null"
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_JSON_HEADERS: tuple[_Header, ...] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""An answer to one caller is kept by nobody, and is no page."""
_ONLY_HTTPS: tuple[_Header, ...] = ((b"strict-transport-security", b"max-age=31536000"),)


class TolerantPaths:
    """Serves `/api/api/…`, a trailing slash and doubled slashes without a redirect, as clients need it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw = scope.get("raw_path") or quote(scope["path"]).encode()
            scope["path"] = _plain_path(scope["path"], raw)  # in place: who measures asks for the route afterwards
            scope["raw_path"] = _plain_path(raw.decode("latin-1"), raw).encode("latin-1")
        await self._app(scope, receive, send)


def _plain_path(path: str, raw: bytes) -> str:
    """The path as the routes know it. Slashes at the end count as they were sent: `%2F` belongs to a name."""
    path = path[: len(path) - (len(raw) - len(raw.rstrip(b"/")))]
    return _REPEATED_PREFIX.sub("/api", re.sub("^/+", "/", path)) or "/"


class BodyLimit:
    """Refuses bodies above the limit; multipart bodies are measured by what reads them, part by part."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or Headers(scope=scope).get("content-type", "").startswith("multipart/"):
            await self._app(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(413, f"The body is larger than {self._max_bytes} bytes.")
            return message

        await self._app(scope, counted, send)


class RequestContext:
    """Gives each request an id, measures and logs it, and adds headers that make browsers careful."""

    def __init__(self, app: ASGIApp, *, measures: Measures, is_encrypted: bool = False) -> None:
        self._app = app
        self._measures = measures
        self._always = _SAFE_HEADERS + (_ONLY_HTTPS if is_encrypted else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get("x-request-id", ""))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        began = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_missing(message["headers"], self._always, request_id)
            await send(message)

        address = (scope.get("client") or ("",))[0]
        with structlog.contextvars.bound_contextvars(request_id=request_id, address=address):
            try:
                await self._app(scope, receive, send_with_headers)
            finally:
                seconds = time.perf_counter() - began
                self._measures.observe(scope["method"], _route_of(scope), status, seconds)
                log.info(
                    "request",
                    method=scope["method"],
                    path=path_to_log(scope),
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                )


def _request_id(sent: str) -> str:
    return sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)


def path_to_log(scope: Scope) -> str:
    """The path, without what opens something for whoever reads it."""
    route = _route_of(scope)
    return route if "{token}" in route else one_line(str(scope["path"])[:200])


def _route_of(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "other")


def _add_missing(headers: list[_Header], always: Iterable[_Header], request_id: str) -> None:
    """Adds to the headers of an answer; on the raw pairs, since every request comes by here."""
    there = dict(headers)
    wanted = [*always, *(_JSON_HEADERS if there.get(b"content-type", b"").startswith(b"application/json") else ())]
    headers += [header for header in wanted if header[0] not in there]
    if b"x-request-id" not in there:
        headers.append((b"x-request-id", request_id.encode()))
