"""Leaving a team by oneself: what goes with it, and who has to stay."""

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.administrators import LastPlatformAdministrator
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.members import OnlyTeam, leave_team
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import TeamStatus
from modelyard.domain.accounts.tables import ApiKey, Membership, Team, User
from modelyard.domain.accounts.teams import TeamNotFound
from modelyard.domain.audit.tables import AuditEvent
from tests.cast import CAST, Cast
from tests.domain.accounts.quota_steps import add_project, key_of_project
from tests.manual_clock import ManualClock

CLOCK = ManualClock()
VISION, SOUND = CAST.alice.team_id, "team-sound"


async def _join(database: Database, actor: Actor, team_id: str = SOUND) -> None:
    async with database.write() as session:
        if await session.get(Team, team_id) is None:
            values = {"account_id": actor.account_id, "name": team_id, "is_admin": False}
            session.add(Team(id=team_id, created_at=CLOCK.now(), **values))
            await session.flush()
        user, team = await session.get_one(User, actor.user_id), await session.get_one(Team, team_id)
        add_member(session, CLOCK, user, team, [str(Role.DEVELOPER)])


async def _leave(database: Database, actor: Actor, team_id: str = VISION) -> list[str]:
    async with database.write() as session:
        return list(await leave_team(session, CLOCK, actor, team_id))


async def _teams(database: Database, actor: Actor) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(Membership.team_id).where(Membership.user_id == actor.user_id)))


async def test_the_key_goes_and_projects_rest(database: Database, cast: Cast) -> None:
    await _join(database, cast.alice)
    project = await add_project(database, cast.alice)

    assert await _leave(database, cast.alice) == [cast.alice.key_prefix]

    assert await _teams(database, cast.alice) == {SOUND}
    async with database.read() as session:
        key = await session.get_one(ApiKey, cast.alice.key_prefix)
        event = (await session.scalars(select(AuditEvent))).one()
    assert key.status == KeyStatus.DELETED
    assert (event.action, event.target, event.user_id) == ("team:member:left", f"team/{VISION}", cast.alice.user_id)
    assert event.details["restingProjects"] == [project.id]
    assert event.details["before"] == {"roles": [Role.DATA_SCIENTIST]}


async def test_the_only_team_is_kept(database: Database, cast: Cast) -> None:
    with pytest.raises(OnlyTeam):
        await _leave(database, cast.alice)
    await _join(database, cast.alice)
    async with database.write() as session:
        (await session.get_one(Team, SOUND)).status = TeamStatus.DELETED

    with pytest.raises(OnlyTeam):  # the other one is there no more
        await _leave(database, cast.alice)

    assert VISION in await _teams(database, cast.alice)


async def test_the_last_administrator_stays(database: Database, cast: Cast) -> None:
    await _join(database, cast.olga)

    with pytest.raises(LastPlatformAdministrator):
        await _leave(database, cast.olga, cast.olga.team_id)

    assert await _teams(database, cast.olga) == {cast.olga.team_id, SOUND}
    assert await _leave(database, cast.olga, SOUND)


@pytest.mark.parametrize("team_id", [CAST.charlie.team_id, CAST.olga.team_id, "nothing", ""])
async def test_teams_that_one_is_not_in(database: Database, cast: Cast, team_id: str) -> None:
    await _join(database, cast.alice)

    with pytest.raises(TeamNotFound):
        await _leave(database, cast.alice, team_id)


async def test_a_project_takes_nobody_out(database: Database, cast: Cast) -> None:
    await _join(database, cast.alice)
    project = await add_project(database, cast.alice)

    with pytest.raises(RoleMissing):
        await _leave(database, key_of_project(project))

    assert await _teams(database, cast.alice) == {VISION, SOUND}
