"""What the first start of an installation creates: account, admin team, administrator and key."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.ids import new_uuid
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts.api_keys import NewKey, give_body, make_key
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.passwords import hash_password
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import Account, Team, User

ADMIN_TEAM = "Administrators"
ADMINISTRATOR_ROLES = [Role.SYSTEM_OWNER, Role.ACCOUNT_ADMIN, Role.DATA_SCIENTIST]


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What an unattended start knows beforehand; empty texts are made up."""

    account_name: str
    email: str
    password: str
    api_key: str


async def create_first_account(
    session: AsyncSession, clock: Clock, fingerprinter: Fingerprinter, wanted: FirstStart
) -> NewKey | None:
    """Creates the account unless there is one; returns the new key, which is shown only now."""
    if (await session.execute(select(Account.id).limit(1))).first():
        return None
    now = clock.now()
    account = Account(id=new_uuid(), name=wanted.account_name, created_at=now)
    team = Team(id=new_uuid(), account_id=account.id, name=ADMIN_TEAM, is_admin=True, created_at=now)
    user = User(
        id=new_uuid(),
        account_id=account.id,
        email=wanted.email.lower(),
        first_name="Platform",
        last_name="Administrator",
        password_hash=hash_password(wanted.password) if wanted.password else None,
        status=UserStatus.ACTIVE,
        created_at=now,
    )
    session.add(account)
    await session.flush()
    session.add_all([team, user])
    await session.flush()
    row = add_member(session, clock, user, team, ADMINISTRATOR_ROLES)
    return give_body(session, clock, fingerprinter, row, make_key(wanted.api_key))
