"""Routes of people who are not signed in yet: accepting invitations, new passwords."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from modelyard.domain.accounts.naming import check_email
from modelyard.domain.accounts.one_time_links import Purpose
from modelyard.domain.accounts.password_links import Acceptance
from modelyard.entrypoints.rest.person_shapes import person_object
from modelyard.entrypoints.rest.requests import GuardedRoute, ThePlatform, address_for_letters, address_of
from modelyard.entrypoints.rest.user_shapes import found_link_object
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/auth", tags=["sign-in"], route_class=GuardedRoute)
_ANSWER = (
    "If an active user has this address, a letter with a link to a new password is on its way. "
    "If none comes, ask an administrator."
)


class InvitationAcceptance(BaseModel):
    """A password to sign in with from now on; names where those of the invitation are wrong."""

    password: str = Field(max_length=1000)
    firstName: str | None = Field(None, max_length=1000)  # noqa: N815 - the API's spelling
    lastName: str | None = Field(None, max_length=1000)  # noqa: N815


class ResetRequest(BaseModel):
    """Who wants a new password."""

    email: str = Field(max_length=320)


class NewPassword(BaseModel):
    """The password to have."""

    password: str = Field(max_length=1000)


@router.get("/invitations/{token}", summary="Who is invited by a link")
async def read_invitation(token: str, request: Request, platform: ThePlatform) -> Response:
    """Looking does not use it up, as programs that check mail look at every link."""
    found = await platform.password_links.look(token, Purpose.INVITATION, address_of(request))
    return Json(found_link_object(found))


@router.post("/invitations/{token}", summary="Accept an invitation")
async def accept_invitation(
    token: str, body: InvitationAcceptance, request: Request, platform: ThePlatform
) -> Response:
    """Then sign in."""
    acceptance = Acceptance(body.password, body.firstName, body.lastName)
    user = await platform.password_links.accept_invitation(token, acceptance, address_of(request))
    return Json(person_object(user))


@router.post("/password-reset", status_code=202, summary="Ask for a link to a new password")
async def ask_for_reset(body: ResetRequest, request: Request, platform: ThePlatform) -> Response:
    """The answer is the same for everybody: it does not tell who is a user."""
    email, address = check_email(body.email), address_of(request)
    await platform.password_links.ask_for_reset(platform.links, email, address, address_for_letters(request))
    return Json({"message": _ANSWER}, 202)


@router.get("/password-reset/{token}", summary="Whose password a link changes")
async def read_reset(token: str, request: Request, platform: ThePlatform) -> Response:
    found = await platform.password_links.look(token, Purpose.PASSWORD_RESET, address_of(request))
    return Json(found_link_object(found))


@router.post("/password-reset/{token}", summary="Set a new password")
async def reset_password(token: str, body: NewPassword, request: Request, platform: ThePlatform) -> Response:
    """Ends all sessions of the user."""
    user = await platform.password_links.reset_password(token, body.password, address_of(request))
    return Json(person_object(user))
