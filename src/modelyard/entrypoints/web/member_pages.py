"""The members of a team: adding one, changing their roles, and taking them out."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.core.errors import PlatformError
from modelyard.domain.accounts import members
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.granting import OwnRightsRaised, RoleBeyondYours, RoleReachesFarther, RoleUnknown
from modelyard.domain.accounts.members import MemberNotFound
from modelyard.domain.accounts.teams import find_managed
from modelyard.domain.accounts.user_access import UserNotFound
from modelyard.domain.jobs.people import remove_member as remove_from_team
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.people_tabs import back_to, read_people_frame, shown
from modelyard.entrypoints.web.role_choices import read_role_choices
from modelyard.entrypoints.web.team_pages import PATH, team_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_MEMBERS = PATH + "/{team}/members"
_PLACES: dict[type[PlatformError], str] = {
    UserNotFound: "user",
    RoleUnknown: "roles",
    RoleBeyondYours: "roles",
    RoleReachesFarther: "roles",
    OwnRightsRaised: "roles",
}


@router.post(_MEMBERS)
async def add_member(team: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """By e-mail address; who is there already gets the roles that are checked."""
    form = await read_filled(request)
    try:
        form.require("user")
        async with platform.database.write() as session:
            await members.set_member(
                session, platform.clock, actor, team, form.first("user"), form.all("roles") or None
            )
    except PlatformError as error:
        return await team_page(request, platform, actor, team, await refused(request, form, error, _PLACES))
    return back_to(f"{PATH}/{team}", "added")


@router.get(_MEMBERS + "/{user}")
async def show_member(team: str, user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _member_page(request, platform, actor, team, user, Filled())


@router.post(_MEMBERS + "/{user}")
async def set_roles(team: str, user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            await members.set_member(session, platform.clock, actor, team, user, form.all("roles"))
    except PlatformError as error:
        return await _member_page(request, platform, actor, team, user, await refused(request, form, error, _PLACES))
    return back_to(f"{PATH}/{team}", "saved")


@router.post(_MEMBERS + "/{user}/remove")
async def remove_member(team: str, user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            await remove_from_team(session, platform.clock, actor, team, user)
    except PlatformError as error:
        return await _member_page(request, platform, actor, team, user, await refused(request, form, error))
    return back_to("/profile" if user == actor.user_id else f"{PATH}/{team}", "removed")


async def _member_page(
    request: Request, platform: ThePlatform, actor: Actor, team_id: str, user: str, form: Filled
) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Teams")
        team = await find_managed(session, actor, team_id)
        who = await members.list_members(session, actor, team_id)
        member = next((each for each in who if user in (each.user.id, each.user.email)), None)
        if member is None:
            raise MemberNotFound(user)
        choices = await read_role_choices(session, actor, team)
    return shown(
        "people_member.html",
        people,
        form.status,
        form=form,
        now=platform.clock.now(),
        team=team,
        member=member,
        choices=choices,
        is_oneself=member.user.id == actor.user_id,
    )
