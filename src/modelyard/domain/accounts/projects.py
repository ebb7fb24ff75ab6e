"""Projects: create, change, delete; their owner, members and keys."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.actor import Actor, RoleMissing, may_over, require
from modelyard.domain.accounts.api_keys import TOPIC, KeyStatus, add_project_key
from modelyard.domain.accounts.key_queries import KeyWithOwner
from modelyard.domain.accounts.naming import check_name
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.project_owners import belongs, require_owner_belongs
from modelyard.domain.accounts.project_queries import ProjectFacts, ProjectVisibility, find_project
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import ProjectStatus, TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Account, ApiKey, Project, ProjectMember, Team, User
from modelyard.domain.accounts.teams import TeamNotFound
from modelyard.domain.audit.changes import record_change
from modelyard.domain.audit.record import record

LONGEST_NAME, LONGEST_DESCRIPTION = 200, 2000
FIRST_KEY = "Default"


class ProjectBeyondYou(NotAllowed):
    """The caller may see the project, but not change it."""

    def __init__(self) -> None:
        super().__init__("Only the owner of a project, or an administrator, can change it.")


class ProjectDeleted(Conflict):
    """What was deleted stays so."""

    def __init__(self, project_id: str) -> None:
        super().__init__(f"The project {project_id} is DELETED, which is final.")


class WordUnknown(InvalidInput):
    """A status or visibility is none of the words that there are."""

    def __init__(self, member: str, word: str, known: type[ProjectStatus | ProjectVisibility]) -> None:
        super().__init__(f"{member}: {', '.join(known)}; not {word[:40]!r}.")


class PersonNotFound(NotFound):
    """The account has no such user."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"The project's account has no user {user_id[:40]!r}.")


class NotAMember(NotFound):
    """The user does not work in the project."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"The user {user_id[:40]!r} is no member of the project.")


class NotFitToOwn(Conflict):
    """A project's owner answers for its keys."""

    def __init__(self) -> None:
        super().__init__("The new owner must be active, and a member of the project's team or of the admin team.")


@dataclass(frozen=True, slots=True)
class ProjectChanges:
    """What to change of a project; None leaves it as it is."""

    name: str | None = None
    description: str | None = None
    visibility: str | None = None
    status: str | None = None
    owner: str | None = None


async def create_project(
    session: AsyncSession, clock: Clock, actor: Actor, wanted: ProjectChanges, team_id: str | None = None
) -> ProjectFacts:
    """A project with its first key, whose owner the actor is; in their own team unless said otherwise.

    Raises NameRejected, WordUnknown, TeamNotFound, RoleMissing.
    """
    require(actor, Permission.CREATE_PROJECTS)
    team = await _team_for(session, actor, team_id or actor.team_id)
    now = clock.now()
    project = Project(
        id=new_uuid(),
        account_id=team.account_id,
        team_id=team.id,
        user_id=actor.user_id,
        name=check_name(wanted.name or "", "name", LONGEST_NAME),
        description=_description(wanted.description or ""),
        status=ProjectStatus.ACTIVE,
        visibility=_word("visibility", wanted.visibility or ProjectVisibility.PRIVATE, ProjectVisibility),
        created_at=now,
        updated_at=now,
    )
    owner = await session.get_one(User, actor.user_id)
    session.add(project)
    await session.flush()
    key = add_project_key(session, clock, project, team, owner, name=FIRST_KEY, roles=[Role.PROJECT])
    record(
        session, clock, actor, "project:created", f"project/{project.id}", after=_facts(project), first_key=key.prefix
    )
    await session.flush()
    return await find_project(session, actor, project.id)


async def change_project(
    session: AsyncSession, clock: Clock, actor: Actor, project_id: str, changes: ProjectChanges
) -> ProjectFacts:
    """Changes a project. Deleting is final and takes its keys along; an inactive project's keys do not work.

    Raises ProjectNotFound, ProjectBeyondYou, ProjectDeleted, NameRejected, WordUnknown, PersonNotFound, NotFitToOwn.
    """
    project = await find_managed(session, actor, project_id)
    before = _facts(project)
    if changes.name is not None:
        project.name = check_name(changes.name, "name", LONGEST_NAME)
    if changes.description is not None:
        project.description = _description(changes.description)
    if changes.visibility is not None:
        project.visibility = _word("visibility", changes.visibility, ProjectVisibility)
    if changes.owner is not None and changes.owner != project.user_id:
        await _hand_over(session, actor, project, changes.owner)
    ended: list[str] = []
    if changes.status is not None:
        project.status = _word("status", changes.status, ProjectStatus)
        ended = await _delete_keys(session, project) if project.status == ProjectStatus.DELETED else []
    action = "project:deleted" if project.status == ProjectStatus.DELETED else "project:changed"
    keys = {"keys": ended} if ended else {}
    if record_change(session, clock, actor, action, f"project/{project_id}", before, _facts(project), **keys):
        project.updated_at = clock.now()
        ring_after_commit(session, TOPIC)
    await session.flush()
    return await find_project(session, actor, project_id)


async def add_member(session: AsyncSession, clock: Clock, actor: Actor, project_id: str, user_id: str) -> ProjectFacts:
    """Lets a user of the account work in a project; once more is no error. Raises PersonNotFound and as changes."""
    project = await find_managed(session, actor, project_id)
    user = await _person(session, project, user_id)
    if await session.get(ProjectMember, (project.id, user.id)) is None:
        session.add(ProjectMember(project_id=project.id, user_id=user.id, created_at=clock.now()))
        record(session, clock, actor, "project:member:added", f"project/{project_id}", after={"user": user.id})
    return await find_project(session, actor, project_id)


async def remove_member(
    session: AsyncSession, clock: Clock, actor: Actor, project_id: str, user_id: str
) -> ProjectFacts:
    """Ends that a user works in a project. Raises NotAMember and as changes."""
    project = await find_managed(session, actor, project_id)
    here = (ProjectMember.project_id == project.id, ProjectMember.user_id == user_id)
    removed = await session.execute(delete(ProjectMember).where(*here).returning(ProjectMember.user_id))
    if removed.one_or_none() is None:
        raise NotAMember(user_id)
    record(session, clock, actor, "project:member:removed", f"project/{project_id}", before={"user": user_id})
    return await find_project(session, actor, project_id)


async def add_key(
    session: AsyncSession, clock: Clock, actor: Actor, project_id: str, *, name: str, description: str = ""
) -> KeyWithOwner:
    """A further key of a project, still without a body. Raises NameRejected and as changes."""
    project = await find_managed(session, actor, project_id)
    team, owner = await session.get_one(Team, project.team_id), await session.get_one(User, project.user_id)
    name = check_name(name, "name", LONGEST_NAME)
    key = add_project_key(session, clock, project, team, owner, name=name, roles=[Role.PROJECT])
    key.description = _description(description) or None
    told = {"name": name, "project": project.id}
    record(session, clock, actor, "key:created", f"key/{key.prefix}", after=told)
    await session.flush()
    account = await session.get_one(Account, project.account_id)
    return KeyWithOwner(key, owner, account, team, project, list(key.roles))


async def find_managed(session: AsyncSession, actor: Actor, project_id: str) -> Project:
    """A project that the actor may change, locked.

    Raises ProjectNotFound, ProjectBeyondYou, OwnerLeft, ProjectDeleted.
    """
    require(actor, Permission.MANAGE_PROJECTS)
    await session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
    project = (await find_project(session, actor, project_id)).project
    over = {"account": project.account_id, "team": project.team_id, "user": project.user_id}
    if actor.project_id or not may_over(actor, Permission.MANAGE_PROJECTS, **over):
        raise ProjectBeyondYou
    await require_owner_belongs(session, actor, project)
    if project.status == ProjectStatus.DELETED:
        raise ProjectDeleted(project_id)
    return project


async def _team_for(session: AsyncSession, actor: Actor, team_id: str) -> Team:
    team = await session.scalar(select(Team).where(Team.id == team_id, Team.status == TeamStatus.ACTIVE))
    if team is None or team.account_id != actor.account_id:
        raise TeamNotFound(team_id)
    if not may_over(actor, Permission.CREATE_PROJECTS, account=team.account_id, team=team.id):
        raise RoleMissing(Permission.CREATE_PROJECTS)
    return team


async def _person(session: AsyncSession, project: Project, user_id: str) -> User:
    query = select(User).where(User.id == user_id, User.account_id == project.account_id)
    user = await session.scalar(query.where(User.status != UserStatus.DELETED))
    if user is None:
        raise PersonNotFound(user_id)
    return user


async def _hand_over(session: AsyncSession, actor: Actor, project: Project, user_id: str) -> None:
    """Makes somebody else the owner; only administrators do, because jobs run in the owner's name."""
    reach = actor.reach(Permission.MANAGE_PROJECTS)
    if reach is None or reach < Reach.TEAM:
        raise ProjectBeyondYou
    user = await _person(session, project, user_id)
    if user.status != UserStatus.ACTIVE or not await session.scalar(
        select(belongs(user.id, project.team_id, project.account_id))
    ):
        raise NotFitToOwn
    project.user_id = user.id
    await session.execute(update(ApiKey).where(ApiKey.project_id == project.id).values(user_id=user.id))


async def _delete_keys(session: AsyncSession, project: Project) -> list[str]:
    deleted = await session.scalars(
        update(ApiKey)
        .where(ApiKey.project_id == project.id, ApiKey.status != KeyStatus.DELETED)
        .values(status=KeyStatus.DELETED)
        .returning(ApiKey.prefix)
    )
    return sorted(deleted)


def _word(member: str, word: str, known: type[ProjectStatus | ProjectVisibility]) -> str:
    if word.strip().upper() not in set(known):
        raise WordUnknown(member, word, known)
    return word.strip().upper()


def _description(text: str) -> str:
    return check_name(text, "description", LONGEST_DESCRIPTION, may_be_empty=True)


def _facts(project: Project) -> dict[str, Any]:
    """What the audit trail says of a project."""
    names = ("name", "description", "status", "visibility")
    return {name: getattr(project, name) for name in names} | {"owner": project.user_id, "team": project.team_id}
