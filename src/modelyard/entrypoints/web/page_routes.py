"""Routes of pages: guarded as those of the API, but forms come from our pages, and errors are pages."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ExceptionHandler

from modelyard.core.errors import PlatformError
from modelyard.entrypoints.rest.requests import GuardedRoute, find_caller, own_path, platform_of
from modelyard.entrypoints.web.frame import HOME, address_of_page, framed, read_frame, theme_of
from modelyard.entrypoints.web.pages import page

_OF_PROGRAMS = ("/api", "/auth", "/static", "/metrics", "/healthz", "/readyz")
_LONG_FORMS = "/deploy"
LARGEST_FORM = 262_144
"""Bytes of a form that is not multipart: reading, checking and showing it again takes many times as many."""
LARGEST_LONG_FORM = 8_000_000
"""Of texts of models, of which some may have 100,000 characters."""
_LEADS_BROWSERS = "/auth/oidc/"
"""Not for programs: browsers go to the identity provider and come back here, with somebody who waits for a page."""


class PageRoute(GuardedRoute):
    """A route that answers with pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def as_page(request: Request) -> Response:
            request.state.is_page = True
            is_long = request.url.path.startswith(_LONG_FORMS)
            request.state.largest_body = LARGEST_LONG_FORM if is_long else LARGEST_FORM
            return await handler(request)

        return as_page


def install(app: FastAPI) -> None:
    """Lets errors be pages where somebody looks at one. To be called after those of the API are there."""
    for kind in (PlatformError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _as_page(app.exception_handlers[kind]))


def is_of_page(request: Request) -> bool:
    """Whether a browser wants to show the answer."""
    if getattr(request.state, "is_page", False):
        return True
    is_for_programs = request.url.path.startswith(_OF_PROGRAMS) and not _leads_a_browser(request)
    return request.method == "GET" and not is_for_programs and "text/html" in request.headers.get("accept", "")


def _leads_a_browser(request: Request) -> bool:
    return request.url.path.startswith(_LEADS_BROWSERS)


def _as_page(handler: ExceptionHandler) -> Any:
    async def handle(request: Request, error: Exception) -> Response:
        answer: Response = await handler(request, error)  # type: ignore[misc, arg-type]
        if not is_of_page(request):
            return answer
        if answer.status_code == 401 and not _leads_a_browser(request):
            return _to_sign_in(request)
        return await _error_page(request, answer.status_code, str(msgspec.json.decode(answer.body)["message"]))

    return handle


def _to_sign_in(request: Request) -> Response:
    """Leads to the form, and back afterwards; where a part of a page was asked for, the whole page goes there."""
    if "hx-request" not in request.headers:
        return RedirectResponse(_sign_in(address_of_page(request) if request.method == "GET" else HOME), 303)
    here = urlsplit(request.headers.get("hx-current-url", ""))
    whole = own_path(f"{here.path}?{here.query}" if here.query else here.path, HOME)
    return Response(status_code=401, headers={"HX-Redirect": _sign_in(whole)})


def _sign_in(following: str) -> str:
    return f"/sign-in?next={quote(following, safe='/')}"


_TITLES = {
    400: "This does not work as it is",
    401: "You were not signed in",
    403: "You may not do this",
    404: "There is nothing here",
    409: "This does not go together",
    413: "This is too large",
    429: "Too much at once",
    500: "Something failed here",
    503: "Not available just now",
}


async def _error_page(request: Request, status: int, message: str) -> Response:
    values = {
        "onward": "Sign in" if status == 401 else "To the library",
        "title": _TITLES.get(status, "This did not work"),
        "message": message,
        "request_id": getattr(request.state, "request_id", ""),
    }
    try:
        actor = await find_caller(request)
        async with platform_of(request).database.read() as session:
            frame = await read_frame(session, request, actor, "")
    except Exception:  # noqa: BLE001 - whatever fails now, the error that came first is what has to be shown
        return page("error_alone.html", status, theme=theme_of(request), **values)
    return framed("error.html", frame, status, **values)
