"""Reads requests: who asks, JSON bodies, pages, filters and times, as leniently as existing clients need it."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute

from modelyard.app import Platform
from modelyard.core.errors import InvalidInput, NotAllowed, NotAuthenticated
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.credentials import Credentials, SessionUnknown
from modelyard.domain.accounts.permissions import Permission
from modelyard.entrypoints.rest import documentation
from modelyard.entrypoints.rest.body_memory import BodyMemory
from modelyard.entrypoints.rest.csrf import require_form_of_ours, require_same_origin
from modelyard.entrypoints.rest.route_permissions import Open, Rule, rule_of

ABSENT = {"", "undefined", "null", "none"}
LARGEST_PAGE = 10_000
LARGEST_OF_STRANGERS = 65_536
"""Bytes of a body on routes that are open to everybody."""
SECONDS_TRUSTED = 1.0
"""A caller who was found out so long ago is asked for again."""
MOST_VALUES = 1_000_000
"""Of one JSON body, at any depth."""
_BEFORE_VALUES = (b",", b"[", b"{")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?", re.IGNORECASE)
CLOCK_DIFFERENCE = timedelta(hours=15)
"""Clients send local times without a zone, which lie up to so far ahead of ours."""


def platform_of(request: Request) -> Platform:
    """The platform that this server serves."""
    platform: Platform = request.app.state.platform
    return platform


async def _the_platform(request: Request) -> Platform:  # async: what is not runs in a thread
    return platform_of(request)


ThePlatform = Annotated[Platform, Depends(_the_platform)]


SESSION_COOKIE = "modelyard_session"


def credentials_of(request: Request) -> Credentials:
    """What a request brings to prove who sends it."""
    return Credentials(
        authorization=request.headers.get("authorization"),
        team_id=request.headers.get("modzy-team-id"),
        session_token=request.cookies.get(SESSION_COOKIE),
        address=address_of(request),
    )


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""


def is_encrypted(request: Request) -> bool:
    """Whether people reach the server by https."""
    return public_address(request).startswith("https:")


async def find_caller(request: Request) -> Actor:
    """Who sends a request, found out once for each."""
    known: Actor | None = getattr(request.state, "caller", None)
    if known is None:
        known = request.state.caller = await platform_of(request).authenticator.find_actor(credentials_of(request))
        request.state.asked_at = time.monotonic()
        if known.session_id and request.headers.get("authorization") is None:
            is_form = getattr(request.state, "is_page", False)
            (require_form_of_ours if is_form else require_same_origin)(request)
    return known


async def _caller(request: Request) -> Actor:
    await find_caller(request)
    await confirm_caller(request)  # by now the body has been read
    return await find_caller(request)


Caller = Annotated[Actor, Depends(_caller)]


class RightsChanged(NotAuthenticated):
    """Who sends a request may do something else now than when it began."""

    def __init__(self) -> None:
        super().__init__("Your rights changed while the request was on its way; send it again.")


async def confirm_caller(request: Request) -> None:
    """Asks again who sends a request, if that is a while ago: nobody keeps rights while they hold a body back.

    Raises RightsChanged, and as `require_access`.
    """
    if time.monotonic() - request.state.asked_at < SECONDS_TRUSTED:
        return
    before = request.state.caller
    del request.state.caller
    await require_access(request, request.state.rule)
    if await find_caller(request) != before:
        raise RightsChanged


async def _any_caller(request: Request) -> Actor | None:
    authorization = request.headers.get("authorization") or None  # some clients send it empty
    if authorization is None and SESSION_COOKIE not in request.cookies:
        return None
    try:
        return await find_caller(request)
    except SessionUnknown:
        if authorization is None:  # a browser keeps a cookie for longer than its session lasts
            return None
        raise


AnyCaller = Annotated[Actor | None, Depends(_any_caller)]
"""Who asks, on public routes: nobody when no key was sent; a wrong key is an error here too."""


class NotSignedIn(NotAllowed):
    """A key was sent where a person has to be."""

    def __init__(self) -> None:
        super().__init__("This address is for people who are signed in; a key does not open it.")


async def require_access(request: Request, rule: Rule) -> None:
    """Lets a request in that its route's rule allows. Raises NotAuthenticated, RoleMissing, NotSignedIn."""
    if rule is Open.PUBLIC:
        return
    caller = await find_caller(request)
    if rule is Open.SIGNED_IN and caller.session_id is None:
        raise NotSignedIn
    if isinstance(rule, Permission):
        require(caller, rule)


class _JsonRequest(Request):
    """A request whose JSON is read strictly: UTF-8, no lone surrogates, bounded in all ways, empty means nothing."""

    _sender = ""
    _counts = 0
    """What its body counts for in the memory for bodies."""

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            # Once more: nobody has measured a multipart body yet, and strangers must not fill the memory.
            limit = platform_of(self).settings.max_body_bytes
            if self.state.rule is Open.PUBLIC:
                limit = min(limit, LARGEST_OF_STRANGERS)
            limit = min(limit, getattr(self.state, "largest_body", limit))
            caller: Actor | None = getattr(self.state, "caller", None)
            self._sender = caller.user_id if caller else ""  # that it is found out again may fail
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.stream():
                size += len(chunk)
                if size > limit:
                    raise HTTPException(413, f"The body is larger than {limit} bytes.")
                self._counts = self._memory.grow(self._sender, self._counts, size)
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body

    def end(self) -> None:
        """Nothing needs its body any more."""
        if self._counts:
            self._memory.give_back(self._sender, self._counts)

    @property
    def _memory(self) -> BodyMemory:
        memory: BodyMemory = self.app.state.body_memory
        return memory

    async def json(self) -> Any:
        body = await self.body()
        if has_too_many_values(body):
            raise HTTPException(413, f"The body is JSON with more than {MOST_VALUES} values; send fewer at once.")
        try:
            value = msgspec.json.decode(body) if body.strip() else None
            if value is not None:
                require_names_once(body)
        except (msgspec.DecodeError, ValueError) as error:
            raise HTTPException(400, f"The body is not valid JSON: {error}") from None
        except RecursionError:
            raise HTTPException(400, "The body is JSON, but nested too deeply.") from None
        return value


def require_names_once(body: bytes) -> None:
    """Of what stands twice in one object one would be lost without a word: an item of a job, for instance."""
    json.loads(body, object_pairs_hook=_require_once, parse_int=str, parse_float=str)


def _require_once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        name = next(name for name, number in counts.items() if number > 1)
        raise HTTPException(400, f"The body has {name[:100]!r} twice in one object; names must differ.")


def has_too_many_values(body: bytes) -> bool:
    """Whether decoding would make so many objects that it takes seconds, and many times the body's memory."""
    if sum(map(body.count, _BEFORE_VALUES)) <= MOST_VALUES:
        return False
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"")
    if plain.count(b'"') > 4 * MOST_VALUES:  # a member of an object has two texts
        return True
    outside_of_texts = b"".join(plain.split(b'"')[::2])
    return sum(map(outside_of_texts.count, _BEFORE_VALUES)) > MOST_VALUES


class GuardedRoute(APIRoute):
    """Routes that let in whom `route_permissions.py` allows, before they read anything of the body."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if any(rule_of(method, path) is not Open.PUBLIC for method in options["methods"]):
            options["openapi_extra"] = {"security": documentation.NEEDS_KEY, **(options.get("openapi_extra") or {})}
        options["strict_content_type"] = False  # clients leave it out, or say it of empty bodies
        options["responses"] = {**documentation.ERRORS, **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        rules = {method: rule_of(method, self.path) for method in self.methods or ()}

        async def guarded(request: Request) -> Response:
            request.state.rule = rules[request.method]
            if b"%00" in request.scope["query_string"]:  # databases differ in what they find with it
                raise InvalidInput("The query has a NUL character in it; leave it out.")
            await require_access(request, request.state.rule)
            reading = _JsonRequest(request.scope, request.receive)
            try:
                return await handler(reading)
            finally:
                reading.end()

        return guarded


def _whole_number(text: str | None, name: str, default: int) -> int:
    if text is None or text.strip().lower() in ABSENT:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text.strip(), re.ASCII):
        raise InvalidInput(f"{name} must be a whole number, not {text[:40]!r}.")
    return int(text)


def read_page(request: Request) -> Page:
    """`page` and `per-page`; without both of them the whole list, of which the first page has all that fits."""
    query = request.query_params
    if "page" not in query and "per-page" not in query:
        return Page(1, LARGEST_PAGE)
    number = max(1, _whole_number(query.get("page"), "page", 1))
    size = _whole_number(query.get("per-page"), "per-page", 10)
    return Page(number, min(LARGEST_PAGE, max(1, size)), is_asked=True)


def read_sort(request: Request) -> Sort:
    """`sort-by` and `direction`; each list says what it can be sorted by. Raises InvalidInput."""
    parts = (part.strip() for part in request.query_params.get("sort-by", "").split(","))
    direction = request.query_params.get("direction", "").strip().lower()
    if direction not in {"asc", "desc", *ABSENT}:
        raise InvalidInput(f"direction must be ASC or DESC, not {direction[:40]!r}.")
    fields = tuple(part for part in parts if part.lower() not in ABSENT)
    return Sort(fields, descending=direction == "desc")


def read_text(request: Request, name: str) -> str:
    """A text filter; what clients send for unset values counts as empty."""
    text = request.query_params.get(name, "").strip()
    return "" if text.lower() in ABSENT else text[:500]


def read_number(request: Request, name: str, default: int, *, most: int) -> int:
    """A whole number from 1 on. Raises InvalidInput."""
    text = read_text(request, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:10]) <= most):
        raise InvalidInput(f"{name} must be a whole number from 1 to {most}, not {text[:20]!r}.")
    return int(text)


def read_flag(request: Request, name: str) -> bool | None:
    """A boolean filter in any case; None when absent. Raises InvalidInput."""
    text = read_text(request, name).lower()
    if not text:
        return None
    if text not in {"true", "false", "1", "0"}:
        raise InvalidInput(f"{name} must be true or false, not {text[:40]!r}.")
    return text in {"true", "1"}


def read_time(request: Request, name: str) -> datetime | None:
    """A time in any form that clients send; without a zone it is UTC. Raises InvalidInput."""
    text = read_text(request, name)
    # A plus sign that was not encoded arrives as a space before the zone.
    return parse_time(re.sub(r"(:\d{2}(?:\.\d+)?) (\d{2}:?\d{2})$", r"\1+\2", text), name) if text else None


def parse_time(text: str, name: str) -> datetime:
    """The same for the text of a member called so. Raises InvalidInput."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        time = datetime.fromisoformat(_padded_fraction(text))
    except ValueError:
        raise InvalidInput(f"{name} must be a time such as 2026-01-02T03:04:05.678+00:00, not {text[:40]!r}.") from None
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f"{name} is out of range.") from None


def _padded_fraction(text: str) -> str:
    return re.sub(r"\.(\d+)", lambda match: f".{match[1][:6]:0<6}", text)


def next_link(request: Request, page: Page, *, has_next: bool) -> dict[str, str]:
    """The `Link` header, exactly when another page exists."""
    if not has_next:
        return {}
    query = request.query_params
    size = {} if "page" in query or "per-page" in query else {"per-page": page.size}
    address = request.url.include_query_params(page=page.number + 1, **size)
    return {"Link": f'<{address}>; rel="next"'}


def address_for_letters(request: Request) -> str:
    """The same for links that are mailed: what somebody writes into the header `Host` must not get into a letter."""
    if configured := platform_of(request).settings.public_url:
        return configured.rstrip("/")
    host, port = request.scope.get("server") or ("localhost", None)
    name = f"[{host}]" if ":" in host else host
    return f"{request.url.scheme}://{name}" + (f":{port}" if port else "")


def address_for_links(request: Request) -> str:
    """Where one-time links lead: as who asks reaches the server only where the link is shown to them."""
    is_mailed = platform_of(request).mailer.is_configured
    return address_for_letters(request) if is_mailed else public_address(request)


def public_address(request: Request) -> str:
    """The server's address without a slash at its end, as people reach it."""
    configured = platform_of(request).settings.public_url
    return configured.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"


def own_path(text: str, otherwise: str = "/") -> str:
    """A path of this server; something else instead of what browsers might take for another server's address."""
    is_own = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text[:2000] if is_own else otherwise
