"""What the first start of an installation creates: account, admin team, administrator and key."""

from dataclasses import dataclass

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.ids import new_uuid
from modelyard.core.sealing import Sealer
from modelyard.domain.accounts.api_keys import ACTIVE, NewKey, add_key, make_key
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import Account, Membership, Team, User

ADMINISTRATOR_ROLES = [Role.SYSTEM_OWNER, Role.ACCOUNT_ADMIN, Role.DATA_SCIENTIST]


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What an unattended start knows beforehand; empty texts are made up."""

    account_name: str
    email: str
    password: str
    api_key: str


async def create_first_account(
    session: AsyncSession, clock: Clock, sealer: Sealer, wanted: FirstStart
) -> NewKey | None:
    """Creates the account unless there is one; returns the new key, which is shown only now."""
    if (await session.execute(select(Account.id).limit(1))).first():
        return None
    now = clock.now()
    account = Account(id=new_uuid(), name=wanted.account_name, created_at=now)
    team = Team(id=new_uuid(), account_id=account.id, name="Administrators", is_admin=True, created_at=now)
    user = User(
        id=new_uuid(),
        account_id=account.id,
        email=wanted.email,
        first_name="Platform",
        last_name="Administrator",
        title=None,
        password_hash=PasswordHasher().hash(wanted.password) if wanted.password else None,
        status=ACTIVE,
        created_at=now,
    )
    session.add(account)
    await session.flush()
    session.add_all([team, user])
    await session.flush()
    session.add(Membership(user_id=user.id, team_id=team.id, created_at=now))
    key = make_key(wanted.api_key)
    add_key(session, clock, sealer, key, user=user, team=team, roles=ADMINISTRATOR_ROLES, name="Administrator")
    return key
