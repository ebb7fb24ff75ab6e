"""Deletes a team, unless it still owns models or projects."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.states import ProjectStatus
from modelyard.domain.accounts.tables import Project
from modelyard.domain.accounts.teams import find_removable, remove_people
from modelyard.domain.models.tables import Model, ModelTeam

MOST_NAMED = 10


class TeamOwnsThings(Conflict):
    """Models or projects would be left without their team."""

    def __init__(self, kind: str, named: Sequence[tuple[str, str]], number: int) -> None:
        names = ", ".join(f"{name[:60]!r} ({identifier})" for identifier, name in named)
        more = f" and {number - len(named)} more" if number > len(named) else ""
        super().__init__(
            f"The team owns {kind}: {names}{more}; delete them (models for good, with hard=true), "
            "or give them to another team, before."
        )


async def remove_team(session: AsyncSession, clock: Clock, actor: Actor, team_id: str) -> Sequence[str]:
    """Deletes a team with its memberships and keys; returns the keys.

    Raises TeamNotFound, NotForTeams, AdminTeamStays, TeamOwnsThings, LastPlatformAdministrator.
    """
    team = await find_removable(session, actor, team_id)
    projects = Project.team_id == team.id, Project.status != ProjectStatus.DELETED
    for kind, table, where in (("models", Model, (Model.team_id == team.id,)), ("projects", Project, projects)):
        number = await session.scalar(select(func.count()).select_from(table).where(*where)) or 0
        if number:
            query = select(table.id, table.name).where(*where).order_by(table.name, table.id).limit(MOST_NAMED)
            named = [(identifier, name) for identifier, name in await session.execute(query)]
            raise TeamOwnsThings(kind, named, number)
    await session.execute(delete(ModelTeam).where(ModelTeam.team_id == team.id))
    return await remove_people(session, clock, actor, team)
