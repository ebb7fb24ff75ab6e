"""Routes of projects: their words, members, keys and statistics."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelyard.core.errors import InvalidInput
from modelyard.domain.accounts import project_queries
from modelyard.domain.accounts import projects as domain
from modelyard.domain.accounts.states import ProjectStatus
from modelyard.domain.jobs.project_statistics import read_statistics
from modelyard.entrypoints.rest.key_shapes import key_object
from modelyard.entrypoints.rest.project_shapes import project_object, statistics_object
from modelyard.entrypoints.rest.requests import (
    Caller,
    GuardedRoute,
    ThePlatform,
    next_link,
    read_page,
    read_sort,
    read_text,
)
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/accounting/projects", tags=["projects"], route_class=GuardedRoute)


class NewProject(BaseModel):
    """A project; its first key is made with it."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Nightly reports", "visibility": "TEAM"}})
    name: str
    description: str | None = None
    visibility: str | None = Field(None, description="Who may see it beside its members: ACCOUNT, TEAM or PRIVATE.")
    team: str | None = Field(None, description="The identifier of a team; the caller's unless said otherwise.")


class ProjectChange(BaseModel):
    """What to change; absent or null leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    visibility: str | None = Field(None, description="ACCOUNT, TEAM or PRIVATE.")
    status: str | None = Field(None, description="ACTIVE, INACTIVE, or DELETED, which is final.")
    user: str | None = Field(None, description="The identifier of a new owner; administrators set it.")


class NewProjectKey(BaseModel):
    """A further key of a project."""

    name: str
    description: str | None = None


@router.get("", summary="List projects")
async def list_projects(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: search status. Deleted projects are listed only when the status says so."""
    wanted = project_queries.ProjectFilter(read_text(request, "search"), _statuses(read_text(request, "status")))
    page = read_page(request)
    async with platform.database.read() as session:
        found = await project_queries.list_projects(session, actor, wanted, page, read_sort(request))
    shapes = [project_object(facts) for facts in found.entries]
    return Json(shapes, headers=next_link(request, page, has_next=found.has_next))


@router.post("", status_code=201, summary="Create a project and its first key")
async def create_project(body: NewProject, platform: ThePlatform, actor: Caller) -> Response:
    wanted = domain.ProjectChanges(body.name, body.description, body.visibility)
    async with platform.database.write() as session:
        facts = await domain.create_project(session, platform.clock, actor, wanted, body.team)
    return Json(project_object(facts), 201)


@router.get("/{project}", summary="Read a project")
async def read_project(project: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(project_object(await project_queries.find_project(session, actor, project)))


@router.patch("/{project}", summary="Change a project; deactivate it or hand it over")
async def change_project(project: str, body: ProjectChange, platform: ThePlatform, actor: Caller) -> Response:
    """The keys of an inactive project do not work, and its unfinished jobs are canceled."""
    changes = domain.ProjectChanges(body.name, body.description, body.visibility, body.status, body.user)
    async with platform.database.write() as session:
        facts = await domain.change_project(session, platform.clock, actor, project, changes)
    return Json(project_object(facts))


@router.delete("/{project}", summary="Delete a project and its keys for good")
async def delete_project(project: str, platform: ThePlatform, actor: Caller) -> Response:
    """Its unfinished jobs are canceled; the others can still be read."""
    changes = domain.ProjectChanges(status=ProjectStatus.DELETED)
    async with platform.database.write() as session:
        facts = await domain.change_project(session, platform.clock, actor, project, changes)
    return Json(project_object(facts))


@router.put("/{project}/members/{user}", summary="Let a user work in a project")
async def add_member(project: str, user: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        return Json(project_object(await domain.add_member(session, platform.clock, actor, project, user)))


@router.delete("/{project}/members/{user}", summary="Take a user out of a project")
async def remove_member(project: str, user: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        return Json(project_object(await domain.remove_member(session, platform.clock, actor, project, user)))


@router.post("/{project}/access-keys", status_code=201, summary="Create a further key of a project")
async def add_key(project: str, body: NewProjectKey, platform: ThePlatform, actor: Caller) -> Response:
    """Its body is fetched once with `POST /api/accounting/access-keys/{prefix}/hash`, by the project's owner."""
    async with platform.database.write() as session:
        key = await domain.add_key(
            session, platform.clock, actor, project, name=body.name, description=body.description or ""
        )
    return Json(key_object(key, 0), 201)


@router.get("/{project}/statistics", summary="What a project's jobs amount to")
async def read_project_statistics(project: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(statistics_object(await read_statistics(session, actor, project)))


def _statuses(text: str) -> tuple[ProjectStatus, ...]:
    """Words with commas between; empty for those that were not deleted."""
    words = [word.strip().upper() for word in text.split(",") if word.strip()]
    if unknown := [word for word in words if word not in set(ProjectStatus)]:
        raise InvalidInput(f"status must be of {', '.join(ProjectStatus)}, not {unknown[0][:40]!r}.")
    return tuple(ProjectStatus(word) for word in words) or project_queries.LIVING
