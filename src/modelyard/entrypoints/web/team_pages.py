"""The pages of teams: the list, one team with its name and members, and deleting it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.core.errors import PlatformError
from modelyard.core.paging import Sort
from modelyard.domain.accounts import members
from modelyard.domain.accounts import teams as domain
from modelyard.domain.accounts.actor import Actor, may_over
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.teams import TeamExists
from modelyard.domain.jobs.people import remove_team
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import read_list
from modelyard.entrypoints.web.people_tabs import ROWS_AT_ONCE, back_to, read_people_frame, shown
from modelyard.entrypoints.web.role_choices import names_of, read_role_choices, read_roles

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/people/teams"


@router.get(PATH)
async def show_teams(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _list(request, platform, actor, Filled())


@router.post(PATH)
async def create_team(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_filled(request)
    try:
        form.require("name")
        async with platform.database.write() as session:
            facts = await domain.create_team(session, platform.clock, actor, form.first("name"))
    except PlatformError as error:
        return await _list(request, platform, actor, await refused(request, form, error, {TeamExists: "name"}))
    return back_to(f"{PATH}/{facts.team.id}", "created")


@router.get(PATH + "/{team}")
async def show_team(team: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await team_page(request, platform, actor, team, Filled())


@router.post(PATH + "/{team}")
async def rename_team(team: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            await domain.rename_team(session, platform.clock, actor, team, form.first("name"))
    except PlatformError as error:
        return await team_page(
            request, platform, actor, team, await refused(request, form, error, {TeamExists: "name"})
        )
    return back_to(f"{PATH}/{team}", "saved")


@router.post(PATH + "/{team}/delete")
async def delete_team(team: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Takes the team's name to be typed."""
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            form.require_typed((await domain.find_team(session, actor, team)).team.name)
            await remove_team(session, platform.clock, actor, team)
    except PlatformError as error:
        return await team_page(request, platform, actor, team, await refused(request, form, error))
    return back_to(PATH, "deleted")


async def _list(request: Request, platform: ThePlatform, actor: Actor, form: Filled) -> Response:
    state = read_list(request, PATH, ("search",), ROWS_AT_ONCE)
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Teams")
        found = await domain.list_teams(session, actor, state.text("search"), state.page, Sort())
    return shown(
        "people_teams.html",
        people,
        form.status,
        form=form,
        now=platform.clock.now(),
        state=state,
        teams=found.entries,
        has_next=found.has_next,
        may_create=may_over(actor, Permission.MANAGE_TEAMS, account=actor.account_id),
    )


async def team_page(request: Request, platform: ThePlatform, actor: Actor, team_id: str, form: Filled) -> Response:
    """A team with its members; forms for those who administer it."""
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Teams")
        facts = await domain.find_team(session, actor, team_id)
        who = await members.list_members(session, actor, team_id)
        where = {"account": facts.team.account_id, "team": facts.team.id}
        may_manage = may_over(actor, Permission.MANAGE_TEAMS, **where)
        choices = await read_role_choices(session, actor, facts.team) if may_manage else []
        names = names_of(await read_roles(session, actor))
    return shown(
        "people_team.html",
        people,
        form.status,
        form=form,
        now=platform.clock.now(),
        facts=facts,
        team=facts.team,
        members=who,
        choices=choices,
        default_roles=members.DEFAULT_ROLES,
        role_names=names,
        user_id=actor.user_id,
        may_read_accounts=actor.may(Permission.READ_ACCOUNTS),
        may_manage=may_manage,
        may_invite=may_over(actor, Permission.MANAGE_USERS, **where),
        may_limit=may_over(actor, Permission.MANAGE_QUOTAS, **where),
        may_delete=may_over(actor, Permission.MANAGE_TEAMS, account=facts.team.account_id) and not facts.team.is_admin,
    )
