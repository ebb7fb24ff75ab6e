"""The page on which somebody who cannot sign in asks for a way to a new password."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.core.errors import PlatformError
from modelyard.domain.accounts.naming import check_email
from modelyard.domain.accounts.one_time_links import PAGES, Purpose
from modelyard.entrypoints.rest.csrf import require_own_page
from modelyard.entrypoints.rest.requests import ThePlatform, address_for_letters, address_of
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.frame import theme_of
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.pages import page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = PAGES[Purpose.PASSWORD_RESET]


@router.get(PATH)
async def show_question(request: Request, platform: ThePlatform) -> Response:
    return _page(request, platform, Filled())


@router.post(PATH)
async def ask_for_link(request: Request, platform: ThePlatform) -> Response:
    """The answer is the same for everybody: it does not tell who is a user."""
    require_own_page(request)
    form = await read_filled(request)
    if not platform.mailer.is_configured:
        return _page(request, platform, form)
    try:
        form.require("email")
        email = check_email(form.first("email"))
        await platform.password_links.ask_for_reset(
            platform.links, email, address_of(request), address_for_letters(request)
        )
    except PlatformError as error:
        return _page(request, platform, await refused(request, form, error))
    return _page(request, platform, form, is_asked=True)


def _page(request: Request, platform: ThePlatform, form: Filled, *, is_asked: bool = False) -> Response:
    return page(
        "forgotten_password.html",
        form.status,
        form=form,
        is_asked=is_asked,
        has_mail=platform.mailer.is_configured,
        theme=theme_of(request),
    )
