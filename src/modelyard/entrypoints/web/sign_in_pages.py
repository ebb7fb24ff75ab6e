"""Signing in and out, and what somebody chooses for their browser: team and theme."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from modelyard.core.errors import InvalidInput, LimitReached, PlatformError
from modelyard.domain.accounts import sessions
from modelyard.entrypoints.rest.csrf import require_own_page
from modelyard.entrypoints.rest.errors import status_of
from modelyard.entrypoints.rest.requests import AnyCaller, Caller, ThePlatform, is_encrypted, own_path
from modelyard.entrypoints.rest.sign_in import visitor_of, with_session_cookie, without_session_cookie
from modelyard.entrypoints.web.forms import first, read_form
from modelyard.entrypoints.web.frame import HOME, THEME_COOKIE, THEMES, theme_of
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.pages import page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_YEAR = 365 * 86_400


class NobodyNamed(InvalidInput):
    """The form was sent without an e-mail address."""

    def __init__(self) -> None:
        super().__init__("Type your e-mail address and your password.")


@router.get("/sign-in")
async def show_sign_in(request: Request, platform: ThePlatform, actor: AnyCaller) -> Response:
    following = own_path(request.query_params.get("next", ""), HOME)
    if actor is not None:
        return RedirectResponse(following, 303)
    return _sign_in_page(request, platform, following, request.query_params.get("email", "")[:320].strip())


@router.post("/sign-in")
async def sign_in(request: Request, platform: ThePlatform) -> Response:
    require_own_page(request)
    form = await read_form(request)
    following, email = own_path(first(form, "next"), HOME), first(form, "email")[:320].strip()
    try:
        if not email:
            raise NobodyNamed
        visitor = visitor_of(request, "password")
        new = await platform.sign_in.with_password(email, first(form, "password")[:1000], None, visitor)
    except PlatformError as error:
        status = status_of(error)
        if status >= 500 and not isinstance(error, LimitReached):
            raise
        return _sign_in_page(request, platform, following, email, error.message, status)
    return with_session_cookie(request, RedirectResponse(following, 303), new)


@router.post("/sign-out")
async def sign_out(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await sessions.end_session(session, platform.clock, actor, actor.session_id or "")
    return without_session_cookie(request, RedirectResponse("/sign-in", 303))


@router.post("/team")
async def choose_team(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_form(request)
    async with platform.database.write() as session:
        await sessions.switch_team(session, platform.clock, actor, first(form, "team"))
    return RedirectResponse(own_path(first(form, "next"), HOME), 303)


@router.post("/theme")
async def choose_theme(request: Request) -> Response:
    require_own_page(request)
    form = await read_form(request)
    answer = RedirectResponse(own_path(first(form, "next"), HOME), 303)
    if (theme := first(form, "theme")) in THEMES:
        secure = is_encrypted(request)
        answer.set_cookie(THEME_COOKIE, theme, max_age=_YEAR, secure=secure, httponly=True, samesite="lax")
    return answer


def _sign_in_page(
    request: Request, platform: ThePlatform, following: str, email: str = "", problem: str = "", status: int = 200
) -> Response:
    has_provider = platform.identity_provider is not None
    return page(
        "sign_in.html",
        status,
        following=following,
        provider_address=f"/auth/oidc/start?next={quote(following, safe='/')}" if has_provider else "",
        has_mail=platform.mailer.is_configured,
        email=email,
        problem=problem,
        theme=theme_of(request),
    )
