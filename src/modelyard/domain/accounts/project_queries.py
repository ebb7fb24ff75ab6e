"""Finds and lists projects with their keys and members, and says who may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotFound
from modelyard.core.listing import one_page, ordered, paged, portions
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.actor import Actor, require, within
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.states import ProjectStatus, UserStatus
from modelyard.domain.accounts.tables import ApiKey, Project, ProjectMember, Team, User

SORTS: dict[str, Any] = {
    "identifier": Project.id,
    "name": func.lower(Project.name),
    "status": Project.status,
    "visibility": Project.visibility,
    "createdAt": Project.created_at,
    "updatedAt": Project.updated_at,
}
LIVING = (ProjectStatus.ACTIVE, ProjectStatus.INACTIVE)


class ProjectVisibility(StrEnum):
    """Who may see a project beside its owner, its members and administrators."""

    ACCOUNT = "ACCOUNT"
    TEAM = "TEAM"
    PRIVATE = "PRIVATE"


class ProjectNotFound(NotFound):
    """There is no such project, or the caller may not see it."""

    def __init__(self, project_id: str) -> None:
        super().__init__(f"There is no project {project_id[:40]!r} that you may see.")


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """What to look for; empty means anything. What was deleted is found only by asking for it."""

    search: str = ""
    """Contained in the name, the description or the identifier, in any case."""
    statuses: tuple[ProjectStatus, ...] = LIVING


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A project with what is shown beside it; there is always a key."""

    project: Project
    owner: User
    team: Team
    keys: Sequence[ApiKey]
    members: Sequence[User]


def projects_of(user_id: str) -> Any:
    """The identifiers of the projects that a user owns or works in."""
    member = select(ProjectMember.project_id).where(ProjectMember.user_id == user_id)
    return member.union_all(select(Project.id).where(Project.user_id == user_id))


def visible_projects(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor may see a row of `projects`; a project's key sees its project alone."""
    reached = within(
        actor,
        Permission.READ_PROJECTS,
        account=Project.account_id,
        team=Project.team_id,
        user=Project.user_id,
        project=Project.id,
    )
    if actor.project_id or not actor.may(Permission.READ_PROJECTS):
        return reached
    shown = or_(
        Project.visibility == ProjectVisibility.ACCOUNT,
        and_(Project.visibility == ProjectVisibility.TEAM, Project.team_id == actor.team_id),
        Project.id.in_(projects_of(actor.user_id)),
    )
    return or_(reached, and_(Project.account_id == actor.account_id, shown))


async def find_project(session: AsyncSession, actor: Actor, project_id: str) -> ProjectFacts:
    """A project by its identifier, even a deleted one. Raises ProjectNotFound."""
    require(actor, Permission.READ_PROJECTS)
    query = _WITH_OWNER.where(Project.id == project_id, visible_projects(actor))
    row = (await session.execute(query.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise ProjectNotFound(project_id)
    return (await _with_people(session, [row]))[0]


async def list_projects(
    session: AsyncSession, actor: Actor, wanted: ProjectFilter, page: Page, sort: Sort
) -> Found[ProjectFacts]:
    """The projects that the actor may see, the newest first unless sorted otherwise."""
    require(actor, Permission.READ_PROJECTS)
    query = _WITH_OWNER.where(visible_projects(actor), Project.status.in_(wanted.statuses))
    if wanted.search:
        columns = (Project.name, Project.description, Project.id)
        query = query.where(or_(*(column.icontains(wanted.search, autoescape=True) for column in columns)))
    query = query.order_by(*ordered(sort, SORTS, Project.created_at, Project.id, newest_first=True))
    rows = one_page((await session.execute(paged(query, page))).all(), page)
    return Found(await _with_people(session, rows.entries), rows.has_next)


_WITH_OWNER = select(Project, User, Team).join(User, User.id == Project.user_id).join(Team, Team.id == Project.team_id)


async def _with_people(session: AsyncSession, rows: Sequence[Any]) -> list[ProjectFacts]:
    """Adds keys and members, with two queries for all of the projects."""
    keys: dict[str, list[ApiKey]] = {project.id: [] for project, _, _ in rows}
    members: dict[str, list[User]] = {project_id: [] for project_id in keys}
    for some in portions(list(keys)):
        for key in await session.scalars(
            select(ApiKey).where(ApiKey.project_id.in_(some)).order_by(ApiKey.created_at, ApiKey.prefix)
        ):
            keys[key.project_id or ""].append(key)
        people = (
            select(ProjectMember.project_id, User)
            .join(User, User.id == ProjectMember.user_id)
            .where(ProjectMember.project_id.in_(some), User.status != UserStatus.DELETED)
            .order_by(User.email, User.id)
        )
        for project_id, user in await session.execute(people):
            members[project_id].append(user)
    return [
        ProjectFacts(project, owner, team, _shown(keys[project.id]), members[project.id])
        for project, owner, team in rows
    ]


def _shown(keys: list[ApiKey]) -> list[ApiKey]:
    """Those that were not deleted, or else all: existing clients break on a project without keys."""
    return [key for key in keys if key.status != KeyStatus.DELETED] or keys
