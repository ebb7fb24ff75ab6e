"""Who may own a project: somebody of its team, or of the account's admin team. Without, its keys rest."""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.states import ProjectStatus
from modelyard.domain.accounts.tables import ApiKey, Membership, Project, Team


class OwnerLeft(NotAllowed):
    """A project's owner is no more in the team whose models its keys may see."""

    def __init__(self) -> None:
        super().__init__(
            "The project's owner is not in its team any more, so its keys rest; an administrator can hand the project "
            "over to somebody of the team, or add the owner to it again."
        )


def belongs(user_id: object, team_id: object, account_id: object) -> ColumnElement[bool]:
    """The condition under which a user may own projects of a team. Takes values or columns."""
    where = (Membership.user_id == user_id, or_(Membership.team_id == team_id, Team.is_admin))
    membership = select(Membership.user_id).join(Team, Team.id == Membership.team_id)
    return membership.where(*where, Team.account_id == account_id).exists()


OWNER_BELONGS = belongs(Project.user_id, Project.team_id, Project.account_id).correlate(Project)
"""Whether the owner of a row of `projects` may own it still."""


async def require_owner_belongs(session: AsyncSession, actor: Actor, project: Project) -> None:
    """Lets pass who may change a project and its keys, but an owner who left. Raises OwnerLeft."""
    if project.user_id != actor.user_id or actor.reach(Permission.MANAGE_PROJECTS) == Reach.INSTALLATION:
        return
    if not await session.scalar(select(belongs(project.user_id, project.team_id, project.account_id))):
        raise OwnerLeft


async def find_resting(session: AsyncSession, user_id: str) -> dict[str, list[str]]:
    """The projects of a user that rest because they left its team, each with the keys that would work otherwise."""
    query = (
        select(Project.id, ApiKey.prefix)
        .join(ApiKey, and_(ApiKey.project_id == Project.id, ApiKey.status == KeyStatus.ACTIVE), isouter=True)
        .where(Project.user_id == user_id, Project.status == ProjectStatus.ACTIVE, ~OWNER_BELONGS)
        .order_by(Project.id, ApiKey.prefix)
    )
    resting: dict[str, list[str]] = {}
    for project_id, prefix in await session.execute(query):
        resting.setdefault(project_id, []).extend([prefix] if prefix else [])
    return resting
