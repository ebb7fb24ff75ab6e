"""Keeps administrators: every account has one who can act, and so has the installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import Conflict
from modelyard.core.json_lists import names_in
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import AccountStatus, TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Account, Membership, Team, User


class LastAdministrator(Conflict):
    """Nobody would be left who can administer the account."""

    def __init__(self) -> None:
        super().__init__(
            "This is the last active administrator of the account's admin team; make somebody else one before."
        )


class LastPlatformAdministrator(Conflict):
    """Nobody would be left who can administer the installation."""

    def __init__(self) -> None:
        super().__init__("This is the last active platform administrator; make somebody else one before.")


@dataclass(frozen=True, slots=True)
class _Present:
    """Whether there are administrators who can act."""

    of_account: bool
    of_installation: bool


@asynccontextmanager
async def keeping_administrators(session: AsyncSession, account_id: str | None) -> AsyncIterator[None]:
    """Around every change of people, memberships and roles of an account; None: those of the installation alone stay.

    Raises LastAdministrator or LastPlatformAdministrator, so that the transaction is undone, when the change takes
    away the last one; where there was none before, nothing is asked for.
    """
    await session.execute(select(Account.id).order_by(Account.id).with_for_update())  # two may not go at once
    before = await _find_present(session, account_id)
    yield
    await session.flush()
    after = await _find_present(session, account_id)
    if before.of_installation and not after.of_installation:
        raise LastPlatformAdministrator
    if before.of_account and not after.of_account:
        raise LastAdministrator


async def _find_present(session: AsyncSession, account_id: str | None) -> _Present:
    is_owner = names_in(Membership.roles, Role.SYSTEM_OWNER)
    is_administrator = and_(
        Team.account_id == account_id, Team.is_admin, names_in(Membership.roles, Role.ACCOUNT_ADMIN)
    )
    query = (
        select(Team.account_id, Team.is_admin, Membership.roles)
        .join(Team, Team.id == Membership.team_id)
        .join(User, User.id == Membership.user_id)
        .join(Account, Account.id == Team.account_id)
        .where(
            User.status == UserStatus.ACTIVE,
            Team.status == TeamStatus.ACTIVE,
            Account.status == AccountStatus.ACTIVE,
            or_(is_owner, is_administrator),
        )
    )
    rows = (await session.execute(query)).all()
    return _Present(
        of_account=any(
            account == account_id and is_admin and Role.ACCOUNT_ADMIN in roles for account, is_admin, roles in rows
        ),
        of_installation=any(Role.SYSTEM_OWNER in roles for _, _, roles in rows),
    )
