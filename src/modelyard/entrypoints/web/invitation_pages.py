"""Inviting a user in three steps: who they are, what they may do, and a look at all of it before it is saved."""

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.adapters.mail.base import BadMailAddress
from modelyard.core.errors import PlatformError
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts import invitations
from modelyard.domain.accounts.actor import Actor, may_over
from modelyard.domain.accounts.granting import RoleBeyondYours, RoleReachesFarther, RoleUnknown
from modelyard.domain.accounts.invitations import AddressNotInvitable, EmailTaken, Invited, NewUser
from modelyard.domain.accounts.members import DEFAULT_ROLES
from modelyard.domain.accounts.naming import check_email, check_name
from modelyard.domain.accounts.one_time_links import Purpose
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import Team
from modelyard.domain.accounts.teams import TeamFacts, TeamNotFound, find_team, list_teams
from modelyard.domain.accounts.users import LONGEST_NAME
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, address_for_links, read_text
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.people_tabs import back_to, read_people_frame, show_link, shown
from modelyard.entrypoints.web.role_choices import read_role_choices

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/people/new"
MOST_TEAMS = 500
_OF_STEP = (("firstName", "lastName", "email", "title", "team"), ("roles",), ())
"""The fields of each step; the others travel along unseen."""
_PLACES: dict[type[PlatformError], str] = {
    EmailTaken: "email",
    BadMailAddress: "email",
    AddressNotInvitable: "email",
    TeamNotFound: "team",
    RoleUnknown: "roles",
    RoleBeyondYours: "roles",
    RoleReachesFarther: "roles",
}


@router.get(PATH)
async def begin(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """`team` chooses the team before."""
    return await _show(request, platform, actor, Filled(), 1, team_id=read_text(request, "team"))


@router.post(PATH)
async def go_on(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Nothing is kept before the last step; `go` says which step comes next."""
    form = await read_filled(request)
    step = _next_step(form)
    try:
        _check_person(form)
        if step < len(_OF_STEP) + 1:
            if step > 1:
                await _check_address(platform, actor, form)
            return await _show(request, platform, actor, form, step)
        invited = await _invite(request, platform, actor, form)
    except PlatformError as error:
        form = await refused(request, form, error, _PLACES)
        return await _show(request, platform, actor, form, 2 if "roles" in form.at else 1)
    if invited.link.url is None:
        return back_to(f"/people/users/{invited.user.id}", "invited")
    return await show_link(request, platform, actor, "Users", invited.user, invited.link, Purpose.INVITATION)


def _next_step(form: Filled) -> int:
    asked = form.first("go")
    return int(asked) if asked in {"1", "2", "3", "4"} else 2


def _check_person(form: Filled) -> None:
    """What can be wrong with the first step alone. Raises FieldsMissing, NameRejected, BadMailAddress."""
    form.require("firstName", "lastName", "email")
    for name in ("firstName", "lastName"):
        check_name(form.first(name), name, LONGEST_NAME)
    check_email(form.first("email"))


async def _check_address(platform: ThePlatform, actor: Actor, form: Filled) -> None:
    """Before roles are chosen for somebody who cannot be invited."""
    async with platform.database.read() as session:
        team = (await find_team(session, actor, form.first("team") or actor.team_id)).team
        email, account_id = form.first("email"), team.account_id
        await invitations.require_invitable(session, actor, email, account_id=account_id, team_id=team.id)


async def _invite(request: Request, platform: ThePlatform, actor: Actor, form: Filled) -> Invited:
    new = NewUser(form.first("firstName"), form.first("lastName"), form.first("email"), form.given("title"))
    async with platform.database.write() as session:
        team = (await find_team(session, actor, form.first("team") or actor.team_id)).team
        return await invitations.invite_user(
            session,
            platform.clock,
            actor,
            platform.links,
            new,
            account_id=team.account_id,
            team_id=team.id,
            roles=form.all("roles") or None,
            server=address_for_links(request),
        )


async def _show(
    request: Request, platform: ThePlatform, actor: Actor, form: Filled, step: int, team_id: str = ""
) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Users")
        teams = await _teams(session, actor)
        chosen = _chosen(teams, form.first("team") or team_id, actor)
        choices = await read_role_choices(session, actor, chosen.team) if chosen else []
    roles = form.all("roles") or DEFAULT_ROLES
    return shown(
        "people_new.html",
        people,
        form.status,
        form=form,
        step=step,
        path=PATH,
        teams=teams,
        chosen=chosen,
        choices=choices,
        roles=roles,
        given=[choice for choice in choices if choice.role.identifier in roles],
        kept=[
            (name, value)
            for position, names in enumerate(_OF_STEP, start=1)
            if position != step
            for name in names
            for value in form.values.get(name, ())
        ],
        has_mail=platform.mailer.is_configured,
    )


def _chosen(teams: list[TeamFacts], wanted: str, actor: Actor) -> TeamFacts | None:
    """The team that is wanted; else one's own or another of the account, one of administrators last."""
    if wanted:
        return next((facts for facts in teams if facts.team.id == wanted), None)
    return min(teams, key=lambda facts: _distance(facts.team, actor), default=None)


def _distance(team: Team, actor: Actor) -> tuple[bool, bool, bool]:
    return team.account_id != actor.account_id, team.is_admin, team.id != actor.team_id


async def _teams(session: AsyncSession, actor: Actor) -> list[TeamFacts]:
    """Those that the actor can invite people into."""
    if not actor.may(Permission.READ_TEAMS):
        return []
    found = await list_teams(session, actor, "", Page(1, MOST_TEAMS), Sort())
    return [
        facts
        for facts in found.entries
        if may_over(actor, Permission.MANAGE_USERS, account=facts.team.account_id, team=facts.team.id)
    ]
