"""The pages of projects: the list, one project with its keys, members and numbers, and its end."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.core.errors import PlatformError
from modelyard.core.paging import Sort
from modelyard.domain.accounts import project_queries
from modelyard.domain.accounts import projects as domain
from modelyard.domain.accounts.actor import Actor, may_over
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.project_queries import LIVING, ProjectFilter, ProjectVisibility
from modelyard.domain.accounts.projects import NotAMember, NotFitToOwn, PersonNotFound, ProjectChanges
from modelyard.domain.accounts.states import ProjectStatus
from modelyard.domain.accounts.user_access import find_user
from modelyard.domain.jobs.project_statistics import read_statistics
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import read_list
from modelyard.entrypoints.web.people_tabs import ROWS_AT_ONCE, back_to, read_people_frame, shown

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/people/projects"
VISIBILITIES = (
    (ProjectVisibility.PRIVATE, "Its members"),
    (ProjectVisibility.TEAM, "Its team"),
    (ProjectVisibility.ACCOUNT, "The account"),
)
_STATUSES = (("", "All"), *((status, status.capitalize()) for status in ProjectStatus))
_PLACES: dict[type[PlatformError], str] = {PersonNotFound: "user", NotAMember: "user", NotFitToOwn: "owner"}
Act = Callable[[AsyncSession, Filled], Awaitable[object]]


@router.get(PATH)
async def show_projects(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Deleted ones only when asked for."""
    return await _list(request, platform, actor, Filled())


@router.post(PATH)
async def create_project(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """In one's own team, with a first key."""
    form = await read_filled(request)
    wanted = ProjectChanges(form.first("name"), form.first("description"), form.given("visibility"))
    try:
        form.require("name")
        async with platform.database.write() as session:
            facts = await domain.create_project(session, platform.clock, actor, wanted)
    except PlatformError as error:
        return await _list(request, platform, actor, await refused(request, form, error))
    return back_to(f"{PATH}/{facts.project.id}", "created")


@router.get(PATH + "/{project}")
async def show_project(project: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _project_page(request, platform, actor, project, Filled())


@router.post(PATH + "/{project}")
async def change_project(project: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Its words, its status, or who owns it: as far as the form names them."""

    async def act(session: AsyncSession, form: Filled) -> None:
        named = {name: form.first(name) for name in ("name", "description", "visibility", "status")}
        sent = {name: text for name, text in named.items() if name in form.values}
        if form.given("owner"):
            sent["owner"] = await _person(session, actor, form.first("owner"))
        await domain.change_project(session, platform.clock, actor, project, ProjectChanges(**sent))

    return await _change(request, platform, actor, project, act, "saved")


@router.post(PATH + "/{project}/delete")
async def delete_project(project: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Takes the project's name to be typed."""

    async def act(session: AsyncSession, form: Filled) -> None:
        form.require_typed((await project_queries.find_project(session, actor, project)).project.name)
        changes = ProjectChanges(status=ProjectStatus.DELETED)
        await domain.change_project(session, platform.clock, actor, project, changes)

    return await _change(request, platform, actor, project, act, "deleted")


@router.post(PATH + "/{project}/members")
async def add_member(project: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """By e-mail address."""

    async def act(session: AsyncSession, form: Filled) -> None:
        form.require("user")
        user = await _person(session, actor, form.first("user"))
        await domain.add_member(session, platform.clock, actor, project, user)

    return await _change(request, platform, actor, project, act, "added")


@router.post(PATH + "/{project}/members/{user}/remove")
async def remove_member(project: str, user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async def act(session: AsyncSession, _: Filled) -> None:
        await domain.remove_member(session, platform.clock, actor, project, user)

    return await _change(request, platform, actor, project, act, "removed")


@router.post(PATH + "/{project}/keys")
async def add_key(project: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """A further key, whose body its owner fetches once."""

    async def act(session: AsyncSession, form: Filled) -> None:
        form.require("key")
        await domain.add_key(session, platform.clock, actor, project, name=form.first("key"))

    return await _change(request, platform, actor, project, act, "added")


async def _change(request: Request, platform: ThePlatform, actor: Actor, project: str, act: Act, done: str) -> Response:
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            await act(session, form)
    except PlatformError as error:
        return await _project_page(request, platform, actor, project, await refused(request, form, error, _PLACES))
    return back_to(f"{PATH}/{project}", done)


async def _person(session: AsyncSession, actor: Actor, identifier: str) -> str:
    """The identifier of a user that was named by it or by their address, if the actor may see them."""
    try:
        return (await find_user(session, actor, identifier)).id
    except PlatformError:
        raise PersonNotFound(identifier) from None


async def _list(request: Request, platform: ThePlatform, actor: Actor, form: Filled) -> Response:
    state = read_list(request, PATH, ("search", "status"), ROWS_AT_ONCE)
    status = state.text("status").upper()
    wanted = ProjectFilter(state.text("search"), (ProjectStatus(status),) if status in set(ProjectStatus) else LIVING)
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Projects")
        found = await project_queries.list_projects(session, actor, wanted, state.page, Sort())
    return shown(
        "people_projects.html",
        people,
        form.status,
        form=form,
        now=platform.clock.now(),
        state=state,
        statuses=_STATUSES,
        projects=found.entries,
        has_next=found.has_next,
        visibilities=VISIBILITIES,
        may_create=actor.may(Permission.CREATE_PROJECTS),
        team_name=people.frame.team_name,
    )


async def _project_page(
    request: Request, platform: ThePlatform, actor: Actor, project_id: str, form: Filled
) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Projects")
        facts = await project_queries.find_project(session, actor, project_id)
        numbers = await read_statistics(session, actor, project_id)
    project = facts.project
    where = {"account": project.account_id, "team": project.team_id}
    may_manage = may_over(actor, Permission.MANAGE_PROJECTS, **where, user=project.user_id)
    return shown(
        "people_project.html",
        people,
        form.status,
        form=form,
        now=platform.clock.now(),
        facts=facts,
        project=project,
        numbers=numbers,
        visibilities=VISIBILITIES,
        is_owner=project.user_id == actor.user_id and actor.may(Permission.USE_PROFILE),
        may_manage=may_manage and project.status != ProjectStatus.DELETED,
        may_hand_over=may_manage and (actor.reach(Permission.MANAGE_PROJECTS) or Reach.OWN) >= Reach.TEAM,
        may_limit=may_over(actor, Permission.MANAGE_QUOTAS, **where),
    )
