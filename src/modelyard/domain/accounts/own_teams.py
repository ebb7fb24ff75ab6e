"""The teams that somebody can act for."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.states import TeamStatus
from modelyard.domain.accounts.tables import Membership, Team


@dataclass(frozen=True, slots=True)
class OwnTeam:
    """A team of one's own."""

    id: str
    name: str


async def list_own_teams(session: AsyncSession, actor: Actor) -> list[OwnTeam]:
    """Active teams that the actor is a member of, by name."""
    query = (
        select(Team.id, Team.name)
        .join(Membership, Membership.team_id == Team.id)
        .where(Membership.user_id == actor.user_id, Team.status == TeamStatus.ACTIVE)
        .order_by(Team.name, Team.id)
    )
    return [OwnTeam(team_id, name) for team_id, name in await session.execute(query)]
