"""The first start creates an account, an administrator and a key, once."""

from argon2 import PasswordHasher
from sqlalchemy import delete, func, select

from modelyard.core.database import Database
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts.authenticator import Authenticator
from modelyard.domain.accounts.credentials import Credentials
from modelyard.domain.accounts.first_start import FirstStart, create_first_account
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import Account, ApiKey, Membership, Team, User
from tests.manual_clock import ManualClock

NOTHING_KNOWN = FirstStart(account_name="local", email="admin@example.org", password="", api_key="")


async def _empty(database: Database) -> None:
    async with database.write() as session:
        for table in (ApiKey, Membership, User, Team, Account):
            await session.execute(delete(table))


async def test_made_key_is_the_administrators(
    database: Database, clock: ManualClock, fingerprinter: Fingerprinter, authenticator: Authenticator
) -> None:
    await _empty(database)
    async with database.write() as session:
        key = await create_first_account(session, clock, fingerprinter, NOTHING_KNOWN)

    assert key is not None
    async with database.read() as session:
        rows = (await session.scalars(select(ApiKey))).all()
    actor = await authenticator.find_actor(Credentials(f"ApiKey {key.text}"))
    assert actor.email == "admin@example.org"
    assert actor.may(Permission.MANAGE_ACCOUNTS)
    assert actor.in_admin_team
    assert actor.may(Permission.DEPLOY_MODELS)
    assert key.body not in repr(key)
    assert all(key.body not in str(vars(row)) for row in rows)


async def test_known_key_and_password_are_taken(
    database: Database, clock: ManualClock, fingerprinter: Fingerprinter
) -> None:
    await _empty(database)
    wanted = FirstStart("local", "admin@example.org", "a password", "prefix123.body12345")
    async with database.write() as session:
        key = await create_first_account(session, clock, fingerprinter, wanted)

    assert key is not None
    assert key.text == "prefix123.body12345"
    async with database.read() as session:
        password_hash = await session.scalar(select(User.password_hash))
    assert password_hash is not None
    assert PasswordHasher().verify(password_hash, "a password")


async def test_second_start_creates_nothing(
    database: Database, clock: ManualClock, fingerprinter: Fingerprinter
) -> None:
    async with database.write() as session:
        before = await session.scalar(select(func.count()).select_from(User))
        key = await create_first_account(session, clock, fingerprinter, NOTHING_KNOWN)
        after = await session.scalar(select(func.count()).select_from(User))

    assert key is None
    assert before == after
