"""People for tests of users and teams: somebody with roles in a team, and what they can call."""

from dataclasses import dataclass

from fastapi import FastAPI
from sqlalchemy import select

from modelyard.app import Platform
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.api_keys import NewKey, give_body
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import Account, ApiKey, Membership, SignedInSession, Team, User
from tests.asgi import AsgiClient
from tests.cast import CAST

ACME, OTHER = CAST.alice.account_id, CAST.charlie.account_id
VISION, ADMINISTRATORS, SOUND = CAST.alice.team_id, CAST.olga.team_id, "team-sound"
"""Alice's team, the admin team of her account, and a third one."""


@dataclass(frozen=True)
class Someone:
    """A person of a test, with a key."""

    client: AsgiClient
    user_id: str
    email: str
    prefix: str


async def add_someone(
    app: FastAPI,
    platform: Platform,
    *roles: Role | str,
    team: str = VISION,
    account: str = ACME,
    name: str = "Tara",
    status: str = UserStatus.ACTIVE,
    password_hash: str | None = None,
    also_in: tuple[str, ...] = (),
) -> Someone:
    """A new user in a team, which is made when it is not there; also in further teams, as a developer."""
    identifier = new_uuid()
    now = platform.clock.now()
    async with platform.database.write() as session:
        if await session.get(Account, account) is None:
            session.add(Account(id=account, name=account, created_at=now))
            await session.flush()
        user = User(
            id=identifier,
            account_id=account,
            email=f"{name.lower()}-{identifier[:8]}@example.org",
            first_name=name,
            last_name="Example",
            password_hash=password_hash,
            status=status,
            created_at=now,
        )
        session.add(user)
        for team_id in (team, *also_in):
            if await session.get(Team, team_id) is None:
                is_admin = team_id.startswith("admin-")
                session.add(Team(id=team_id, account_id=account, name=team_id, is_admin=is_admin, created_at=now))
        await session.flush()
        keys = []
        for team_id in (team, *also_in):
            given = roles if team_id == team else (Role.DEVELOPER,)
            row = await session.get_one(Team, team_id)
            key = add_member(session, platform.clock, user, row, [str(role) for role in given])
            keys.append(give_body(session, platform.clock, platform.fingerprinter, key, NewKey(key.prefix, "body")))
        email = user.email
    client = AsgiClient(app, {"authorization": f"ApiKey {keys[0].text}"})
    return Someone(client, identifier, email, keys[0].prefix)


async def memberships(platform: Platform, user_id: str) -> dict[str, list[str]]:
    """The roles of a user by team."""
    async with platform.database.read() as session:
        rows = await session.scalars(select(Membership).where(Membership.user_id == user_id))
        return {row.team_id: row.roles for row in rows}


async def keys_of(platform: Platform, user_id: str) -> dict[str, str]:
    """The states of a user's keys."""
    async with platform.database.read() as session:
        rows = await session.scalars(select(ApiKey).where(ApiKey.user_id == user_id))
        return {row.prefix: row.status for row in rows}


async def user_row(platform: Platform, user_id: str) -> User:
    """A user as the database has them."""
    async with platform.database.read() as session:
        return await session.get_one(User, user_id)


async def sign_in(platform: Platform, user_id: str, team_id: str = VISION) -> None:
    """Opens a session for a user, by hand."""
    now = platform.clock.now()
    async with platform.database.write() as session:
        session.add(
            SignedInSession(
                id=new_uuid(),
                fingerprint=new_uuid(),
                kind="browser",
                user_id=user_id,
                team_id=team_id,
                method="password",
                address="",
                user_agent="",
                created_at=now,
                last_seen_at=now,
                expires_at=now.replace(year=now.year + 1),
            )
        )


async def sessions_of(platform: Platform, user_id: str) -> list[str]:
    """The teams that a user is signed in for."""
    async with platform.database.read() as session:
        return list(await session.scalars(select(SignedInSession.team_id).where(SignedInSession.user_id == user_id)))
