"""The pages that one-time links lead to: accept an invitation, choose a new password."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.core.errors import InvalidInput, LimitReached, PlatformError
from modelyard.domain.accounts.one_time_links import PAGES, FoundLink, LinkUnknown, Purpose
from modelyard.domain.accounts.password_links import Acceptance
from modelyard.domain.accounts.passwords import SHORTEST
from modelyard.entrypoints.rest.requests import ThePlatform, address_of, public_address
from modelyard.entrypoints.web.forms import first, read_form
from modelyard.entrypoints.web.frame import theme_of
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.pages import page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


class PasswordsDiffer(InvalidInput):
    """A password is typed twice, so that nobody is locked out by a slip."""

    def __init__(self) -> None:
        super().__init__("The two passwords are not the same; type the same one twice.")


@dataclass(frozen=True)
class _Form:
    """What somebody filled in."""

    password: str = field(default="", repr=False)
    again: str = field(default="", repr=False)
    first_name: str = ""
    last_name: str = ""


@router.get(PAGES[Purpose.INVITATION] + "/{token}")
async def show_invitation(token: str, request: Request, platform: ThePlatform) -> Response:
    return await _show(token, Purpose.INVITATION, request, platform)


@router.post(PAGES[Purpose.INVITATION] + "/{token}")
async def accept_invitation(token: str, request: Request, platform: ThePlatform) -> Response:
    form = await _read(request)
    acceptance = Acceptance(form.password, form.first_name, form.last_name)

    async def accept() -> None:
        await platform.password_links.accept_invitation(token, acceptance, address_of(request))

    return await _answer(token, Purpose.INVITATION, request, platform, form, accept)


@router.get(PAGES[Purpose.PASSWORD_RESET] + "/{token}")
async def show_reset(token: str, request: Request, platform: ThePlatform) -> Response:
    return await _show(token, Purpose.PASSWORD_RESET, request, platform)


@router.post(PAGES[Purpose.PASSWORD_RESET] + "/{token}")
async def reset_password(token: str, request: Request, platform: ThePlatform) -> Response:
    form = await _read(request)

    async def reset() -> None:
        await platform.password_links.reset_password(token, form.password, address_of(request))

    return await _answer(token, Purpose.PASSWORD_RESET, request, platform, form, reset)


async def _show(token: str, purpose: Purpose, request: Request, platform: ThePlatform) -> Response:
    try:
        found = await platform.password_links.look(token, purpose, address_of(request))
    except (LinkUnknown, LimitReached) as error:
        return _refused(request, error)
    return _ask(request, found, purpose, _Form(first_name=found.user.first_name, last_name=found.user.last_name))


async def _answer(
    token: str,
    purpose: Purpose,
    request: Request,
    platform: ThePlatform,
    form: _Form,
    act: Callable[[], Awaitable[None]],
) -> Response:
    """What comes of a form: done, or shown again with what is wrong and all but the passwords kept."""
    try:
        found = await platform.password_links.look(token, purpose, address_of(request))
        try:
            if form.password != form.again:
                raise PasswordsDiffer
            await act()
        except InvalidInput as error:
            return _ask(request, found, purpose, form, error.message, status=400)
    except (LinkUnknown, LimitReached) as error:
        return _refused(request, error)
    return page(
        "password_set.html",
        theme=theme_of(request),
        purpose=purpose,
        email=found.user.email,
        server=public_address(request),
    )


def _ask(
    request: Request, found: FoundLink, purpose: Purpose, form: _Form, problem: str = "", *, status: int = 200
) -> Response:
    return page(
        "choose_password.html",
        status,
        theme=theme_of(request),
        purpose=purpose,
        email=found.user.email,
        account=found.account.name,
        until=f"{found.expires_at:%Y-%m-%d %H:%M} UTC",
        form=form,
        problem=problem,
        shortest=SHORTEST,
    )


def _refused(request: Request, error: PlatformError) -> Response:
    status = 429 if isinstance(error, LimitReached) else 404
    return page("link_refused.html", status, theme=theme_of(request), message=error.message)


async def _read(request: Request) -> _Form:
    sent = await read_form(request)
    return _Form(**{name: first(sent, name) for name in ("password", "again", "first_name", "last_name")})
