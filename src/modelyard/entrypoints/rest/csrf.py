"""Protects signed-in people from other web sites: what changes something must come from a page of ours."""

from urllib.parse import urlsplit

from fastapi import Request

from modelyard.core.errors import NotAllowed

_HARMLESS = {"GET", "HEAD", "OPTIONS"}
CSRF_HEADER = "X-CSRF-Token"


class ForeignOrigin(NotAllowed):
    """A browser sent the cookie of a person because of another site's page."""

    def __init__(self) -> None:
        super().__init__(
            f"This request does not come from a page of this server; send the header {CSRF_HEADER} with any value."
        )


def require_same_origin(request: Request) -> None:
    """Raises ForeignOrigin for a change that a page of another site may have caused.

    A page of another site cannot add a header of its own: that takes a preflight, which we do not answer with
    credentials.
    """
    if request.method in _HARMLESS:
        return
    if CSRF_HEADER not in request.headers:
        raise ForeignOrigin
    require_own_page(request)


def require_own_page(request: Request) -> None:
    """Raises ForeignOrigin when a browser says that a page of another site sends this."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    is_ours = origin is None or _host_of(origin) == request.headers.get("host")
    if not is_ours or site not in {None, "same-origin", "none"}:
        raise ForeignOrigin


def require_form_of_ours(request: Request) -> None:
    """The same for forms, which cannot add a header; but browsers say which page sends them. Raises ForeignOrigin."""
    if request.method in _HARMLESS:
        return
    if not {"origin", "sec-fetch-site", CSRF_HEADER.lower()} & set(request.headers):
        raise ForeignOrigin
    require_own_page(request)


def _host_of(origin: str) -> str | None:
    """None where what was sent is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
