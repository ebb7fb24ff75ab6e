"""There is always somebody left who can administer."""

import asyncio

import pytest
from sqlalchemy import select, update

from modelyard.core.database import Database
from modelyard.domain.accounts.administrators import (
    LastAdministrator,
    LastPlatformAdministrator,
    keeping_administrators,
)
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import AccountStatus, TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Account, Membership, Team, User
from tests.cast import Cast
from tests.manual_clock import ManualClock


async def _set_roles(database: Database, user_id: str, *roles: Role, team_id: str = "team-administrators") -> None:
    async with database.write() as session, keeping_administrators(session, "account-acme"):
        membership = await session.get_one(Membership, (user_id, team_id))
        membership.roles = [str(role) for role in roles]


async def _add(database: Database, user_id: str, team_id: str, *roles: Role) -> None:
    async with database.write() as session:
        user, team = await session.get_one(User, user_id), await session.get_one(Team, team_id)
        add_member(session, ManualClock(), user, team, [str(role) for role in roles])


async def _roles(database: Database, user_id: str, team_id: str = "team-administrators") -> list[str]:
    async with database.read() as session:
        return (await session.get_one(Membership, (user_id, team_id))).roles


async def test_the_last_ones_stay(database: Database, cast: Cast) -> None:
    before = await _roles(database, cast.olga.user_id)

    with pytest.raises(LastPlatformAdministrator):
        await _set_roles(database, cast.olga.user_id, Role.ACCOUNT_ADMIN)
    with pytest.raises(LastAdministrator):
        await _set_roles(database, cast.olga.user_id, Role.SYSTEM_OWNER)
    assert await _roles(database, cast.olga.user_id) == before


async def test_others_must_be_able_to_act(database: Database, cast: Cast) -> None:
    await _add(database, cast.bob.user_id, cast.olga.team_id, Role.ACCOUNT_ADMIN)
    for status in (UserStatus.INACTIVE, UserStatus.INVITED, UserStatus.DELETED):
        async with database.write() as session:
            await session.execute(update(User).where(User.id == cast.bob.user_id).values(status=status))
        with pytest.raises(LastAdministrator):
            await _set_roles(database, cast.olga.user_id, Role.SYSTEM_OWNER)
    async with database.write() as session:
        await session.execute(update(User).where(User.id == cast.bob.user_id).values(status=UserStatus.ACTIVE))
    await _set_roles(database, cast.olga.user_id, Role.SYSTEM_OWNER)


async def test_teams_and_accounts_that_are_gone_do_not_count(database: Database, cast: Cast) -> None:
    await _add(database, cast.bob.user_id, cast.charlie.team_id, Role.SYSTEM_OWNER)
    for table, status in ((Team, TeamStatus.DELETED), (Account, "Inactive")):
        identifier = cast.charlie.team_id if table is Team else cast.charlie.account_id
        async with database.write() as session:
            await session.execute(update(table).where(table.id == identifier).values(status=status))
        with pytest.raises(LastPlatformAdministrator):
            await _set_roles(database, cast.olga.user_id, Role.ACCOUNT_ADMIN)
        async with database.write() as session:
            await session.execute(update(table).where(table.id == identifier).values(status="Active"))
    await _set_roles(database, cast.olga.user_id, Role.ACCOUNT_ADMIN)


async def test_a_role_that_is_called_alike_does_not_count(database: Database, cast: Cast) -> None:
    await _add(database, cast.bob.user_id, cast.olga.team_id)
    async with database.write() as session:
        membership = await session.get_one(Membership, (cast.bob.user_id, cast.olga.team_id))
        membership.roles = ["SYSTEM-OWNER", "SYSTEM_OWNERS", 'x"SYSTEM_OWNER"', "account_admin"]
    with pytest.raises(LastPlatformAdministrator):
        await _set_roles(database, cast.olga.user_id, Role.ACCOUNT_ADMIN)


async def test_two_cannot_leave_at_once(database: Database, cast: Cast) -> None:
    await _add(database, cast.bob.user_id, cast.olga.team_id, Role.SYSTEM_OWNER, Role.ACCOUNT_ADMIN)
    other = Database(str(database.engine.url))

    outcomes = await asyncio.gather(
        _set_roles(database, cast.olga.user_id, Role.DEVELOPER),
        _set_roles(other, cast.bob.user_id, Role.DEVELOPER),
        return_exceptions=True,
    )

    await other.close()
    assert [type(outcome) for outcome in outcomes if outcome].count(LastPlatformAdministrator) == 1
    async with database.read() as session:
        roles = [role for each in await session.scalars(select(Membership.roles)) for role in each]
    assert roles.count(Role.SYSTEM_OWNER) == roles.count(Role.ACCOUNT_ADMIN) == 1


async def test_the_account_of_the_last_platform_administrator_stays(database: Database, cast: Cast) -> None:
    async def close(account_id: str) -> None:
        async with database.write() as session, keeping_administrators(session, None):
            (await session.get_one(Account, account_id)).status = AccountStatus.INACTIVE

    await close(cast.charlie.account_id)
    with pytest.raises(LastPlatformAdministrator):
        await close(cast.olga.account_id)
