"""The list of users, with teams and roles, and what narrows it."""

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import Team
from modelyard.domain.accounts.teams import list_teams
from modelyard.domain.accounts.user_queries import UserFilter, list_users
from modelyard.domain.jobs.statistics import count_jobs_of_users
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.rest.user_shapes import PORTRAITS
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import read_list
from modelyard.entrypoints.web.people_tabs import ROWS_AT_ONCE, read_people_frame, shown
from modelyard.entrypoints.web.role_choices import names_of, read_roles

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_TEAMS = 200
"""To choose from."""
_FILTERS = ("search", "status", "team", "role")
_STATUSES = (
    ("", "All"),
    (UserStatus.ACTIVE, "Active"),
    (UserStatus.INVITED, "Invited"),
    (UserStatus.INACTIVE, "Inactive"),
    (UserStatus.DELETED, "Deleted"),
)


@router.get("/people")
async def show_users(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Those within the reach of one's roles."""
    state = read_list(request, "/people", _FILTERS, ROWS_AT_ONCE)
    wanted = UserFilter(
        search=state.text("search"), status=state.text("status"), team=state.text("team"), role=state.text("role")
    )
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Users")
        found = await list_users(session, actor, wanted, state.page, Sort())
        jobs = await count_jobs_of_users(session, [facts.user.id for facts in found.entries])
        roles = await read_roles(session, actor)
        teams = await _teams(session, actor)
    return shown(
        "people_users.html",
        people,
        now=platform.clock.now(),
        state=state,
        users=found.entries,
        has_next=found.has_next,
        jobs=jobs,
        statuses=_STATUSES,
        role_names=names_of(roles),
        roles=[role for role in roles if role.type == "user"],
        teams=teams,
        may_invite=actor.may(Permission.MANAGE_USERS),
        portraits=PORTRAITS,
    )


async def _teams(session: AsyncSession, actor: Actor) -> list[Team]:
    """Those to narrow the list to."""
    if not actor.may(Permission.READ_TEAMS):
        return []
    return [facts.team for facts in (await list_teams(session, actor, "", Page(1, MOST_TEAMS), Sort())).entries]
