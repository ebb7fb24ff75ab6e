"""Routes of users and of one's own profile."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response, StreamingResponse

from modelyard.domain.accounts import invitations
from modelyard.domain.accounts.one_time_links import Purpose
from modelyard.domain.accounts.tables import User
from modelyard.domain.accounts.user_access import find_user
from modelyard.domain.accounts.user_queries import (
    TEXT_FILTERS,
    UserFacts,
    UserFilter,
    list_users,
    read_facts,
    search_users,
)
from modelyard.domain.accounts.users import ChangedUser, UserChanges
from modelyard.domain.jobs import people
from modelyard.domain.jobs.statistics import count_jobs_of_users
from modelyard.domain.models import portraits
from modelyard.domain.models.picture_files import PORTRAIT
from modelyard.entrypoints.rest.picture_intake import read_picture_part, stored_picture
from modelyard.entrypoints.rest.requests import (
    Caller,
    GuardedRoute,
    ThePlatform,
    address_for_links,
    next_link,
    read_page,
    read_sort,
    read_text,
    read_time,
)
from modelyard.entrypoints.rest.uploads import FILE_BODY
from modelyard.entrypoints.rest.user_shapes import PORTRAITS, sent_link_object, user_object
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/accounting", tags=["users"], route_class=GuardedRoute)
portraits_router = APIRouter(prefix=PORTRAITS, tags=["users"], route_class=GuardedRoute)
_OF_ACCOUNT = "/accounts/{account}/users"


class Identifiers(BaseModel):
    """Identifiers or e-mail addresses."""

    identifiers: list[str]


class NewUser(BaseModel):
    """Somebody to invite; without a team into the caller's own, without roles as a developer."""

    firstName: str  # noqa: N815 - the API's spelling
    lastName: str  # noqa: N815
    email: str
    title: str | None = None
    externalIdentifier: str | None = None  # noqa: N815
    source: str | None = None
    team: str | None = None
    roles: list[str] | None = Field(None, max_length=100)

    def to_domain(self) -> invitations.NewUser:
        """The same in the domain's words."""
        names = {"first_name": self.firstName, "last_name": self.lastName, "email": self.email}
        return invitations.NewUser(**names, title=self.title, external_id=self.externalIdentifier, source=self.source)


class ProfileChange(BaseModel):
    """What to change; absent or null leaves a field as it is, an empty title removes it."""

    firstName: str | None = None  # noqa: N815
    lastName: str | None = None  # noqa: N815
    title: str | None = None

    def to_domain(self) -> UserChanges:
        """The same in the domain's words."""
        return UserChanges(self.firstName, self.lastName, self.title)


class UserChange(ProfileChange):
    """The same, with what administrators set: the status and two marks."""

    status: str | None = Field(None, description="Active, Inactive, Rejected or Deleted, which is final.")
    visited: bool | None = None
    onboarded: bool | None = None

    def to_domain(self) -> UserChanges:
        names = (self.firstName, self.lastName, self.title)
        return UserChanges(*names, self.status, self.visited, self.onboarded)


async def user_objects(session: AsyncSession, facts: list[UserFacts]) -> list[dict[str, Any]]:
    """Users with the numbers of their jobs."""
    counts = await count_jobs_of_users(session, [one.user.id for one in facts])
    return [user_object(one, counts.get(one.user.id, 0)) for one in facts]


async def _answer(session: AsyncSession, user: User) -> dict[str, Any]:
    return (await user_objects(session, await read_facts(session, [user])))[0]


@router.get("/users", summary="List users")
async def list_all(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Those within the reach of one's roles. Who was deleted is listed only with `status`."""
    wanted = UserFilter(
        texts={name: text for name in TEXT_FILTERS if (text := read_text(request, name))},
        search=read_text(request, "search"),
        status=read_text(request, "status"),
        access_key=read_text(request, "accessKey"),
        start=read_time(request, "startDate"),
        end=read_time(request, "endDate"),
        search_date=read_text(request, "searchDate"),
        team=read_text(request, "team"),
        role=read_text(request, "role"),
    )
    page = read_page(request)
    async with platform.database.read() as session:
        found = await list_users(session, actor, wanted, page, read_sort(request))
        objects = await user_objects(session, found.entries)
    return Json(objects, headers=next_link(request, page, has_next=found.has_next))


@router.post("/users/search", summary="Find users by identifiers or e-mail addresses")
async def search(body: Identifiers, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(await user_objects(session, await search_users(session, actor, body.identifiers)))


@router.get("/users/{user}", summary="Read a user")
async def read_user(user: str, platform: ThePlatform, actor: Caller) -> Response:
    """By identifier or e-mail address."""
    async with platform.database.read() as session:
        return Json(await _answer(session, await find_user(session, actor, user)))


@router.post("/users/{user}/picture", status_code=201, summary="Set a user's picture", openapi_extra=FILE_BODY)
async def set_picture(user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """One's own, or that of somebody whom one administers. JPEG or PNG."""
    async with platform.database.read() as session:
        found = await portraits.find_to_portray(session, actor, user)
    data, _ = await read_picture_part(request)
    stored = stored_picture(platform, data, PORTRAIT, with_webp=False)
    async with stored as picture, platform.database.write() as session:
        portrayed = await portraits.set_portrait(session, platform.clock, actor, found.id, picture)
    async with platform.database.read() as session:
        return Json(await _answer(session, portrayed), 201)


@portraits_router.get("/{address}", summary="A person's picture", response_class=StreamingResponse)
async def read_portrait(address: str, platform: ThePlatform) -> Response:
    """Public for whoever knows the address, which is random."""
    async with platform.database.read() as session:
        key, media_type = await portraits.find_portrait(session, address)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Security-Policy": "sandbox"}
    return StreamingResponse(platform.storage.get_stream(key), media_type=media_type, headers=headers)


@router.post(_OF_ACCOUNT, status_code=201, summary="Invite a user")
async def invite(account: str, body: NewUser, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The invitation goes out by mail; without a mail server its address is in the answer."""
    async with platform.database.write() as session:
        invited = await invitations.invite_user(
            session,
            platform.clock,
            actor,
            platform.links,
            body.to_domain(),
            account_id=account,
            team_id=body.team,
            roles=body.roles,
            server=address_for_links(request),
        )
        user = await _answer(session, invited.user)
    return Json(user | invitation_members(invited), 201)


def invitation_members(invited: invitations.Invited) -> dict[str, Any]:
    """The new key's prefix, and how to invite somebody where no letter could be sent."""
    link = sent_link_object(invited.link)
    shown = {"invitation": {"url": link["url"], "expiresAt": link["expiresAt"]}} if invited.link.url else {}
    return {"accessKey": invited.key_prefix} | shown


@router.patch(_OF_ACCOUNT + "/{user}", summary="Change a user")
async def change_user(account: str, user: str, body: UserChange, platform: ThePlatform, actor: Caller) -> Response:
    """People change their own names and title; administrators those of others, and the status."""
    return await _change(platform, actor, account, user, body.to_domain())


@router.delete(_OF_ACCOUNT + "/{user}", summary="Delete a user for good")
async def delete_user(account: str, user: str, platform: ThePlatform, actor: Caller) -> Response:
    return await _change(platform, actor, account, user, UserChanges(status="Deleted"))


async def _change(platform: ThePlatform, actor: Caller, account: str, user: str, changes: UserChanges) -> Response:
    async with platform.database.write() as session:
        changed: ChangedUser = await people.change_user(
            session, platform.clock, actor, user, changes, account_id=account
        )
        shown = await _answer(session, changed.user)
    for key in changed.dropped_files:
        await platform.storage.delete(key)
    return Json(shown)


@router.post(_OF_ACCOUNT + "/{user}/invitation", summary="Invite a user again")
async def send_invitation(account: str, user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Earlier invitations are void."""
    return await _send(platform, actor, account, user, Purpose.INVITATION, address_for_links(request))


@router.post(_OF_ACCOUNT + "/{user}/password-reset", summary="Give a user a way to a new password")
async def send_reset(account: str, user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _send(platform, actor, account, user, Purpose.PASSWORD_RESET, address_for_links(request))


async def _send(
    platform: ThePlatform, actor: Caller, account: str, user: str, purpose: Purpose, server: str
) -> Response:
    async with platform.database.write() as session:
        link = await invitations.send_link(
            session, platform.clock, actor, platform.links, purpose, account_id=account, user_id=user, server=server
        )
    return Json(sent_link_object(link))


@router.get("/profile", summary="One's own profile")
async def read_profile(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(await _answer(session, await find_user(session, actor, actor.user_id)))


@router.patch("/profile", summary="Change one's own names and title")
async def change_profile(body: ProfileChange, platform: ThePlatform, actor: Caller) -> Response:
    return await _change(platform, actor, actor.account_id, actor.user_id, body.to_domain())
