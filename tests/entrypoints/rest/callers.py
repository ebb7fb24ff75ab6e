"""Callers of every kind: one key for each role, keys that hold no more, strangers, a signed-in person."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.app import Platform
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.api_keys import KeyStatus, NewKey, add_project_key, give_body
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import ProjectStatus, UserStatus
from modelyard.domain.accounts.tables import Membership, Project, SignedInSession, Team, User
from tests.cast import CAST

Headers = dict[str, str]


@dataclass(frozen=True)
class Person:
    """Where a caller belongs."""

    account: str = CAST.alice.account_id
    team: str = CAST.alice.team_id


VISION = Person()
SOUND = Person(team="team-sound")
STRANGERS = Person(CAST.charlie.account_id, CAST.charlie.team_id)
"""Alice's team; another team of her account; another account."""


async def key_with(platform: Platform, roles: list[str], person: Person = VISION, **changes: object) -> Headers:
    """The header of a new user's key with these roles; changes are made to the key's row."""
    async with platform.database.write() as session:
        user, team = await _add_user(session, platform, person)
        key = add_member(session, platform.clock, user, team, roles)
        new = give_body(session, platform.clock, platform.fingerprinter, key, NewKey(key.prefix, "body"))
        for name, value in changes.items():
            setattr(key, name, value)
    return {"authorization": f"ApiKey {new.text}"}


async def project_key(platform: Platform, person: Person = VISION) -> Headers:
    """The header of a new project's key."""
    async with platform.database.write() as session:
        user, team = await _add_user(session, platform, person)
        now = platform.clock.now()
        project = Project(
            id=new_uuid(),
            account_id=team.account_id,
            team_id=team.id,
            user_id=user.id,
            name="A project",
            status=ProjectStatus.ACTIVE,
            visibility="PRIVATE",
            created_at=now,
            updated_at=now,
        )
        session.add_all([project, Membership(user_id=user.id, team_id=team.id, roles=[Role.DEVELOPER], created_at=now)])
        await session.flush()
        key = add_project_key(session, platform.clock, project, team, user, name="Its key", roles=[Role.PROJECT])
        new = give_body(session, platform.clock, platform.fingerprinter, key)
    return {"authorization": f"ApiKey {new.text}"}


async def session_of(platform: Platform, roles: list[str], person: Person = VISION) -> Headers:
    """The cookie of a new user who is signed in, with the header that our own pages send."""
    token = new_uuid()
    async with platform.database.write() as session:
        user, team = await _add_user(session, platform, person)
        add_member(session, platform.clock, user, team, roles)
        await session.flush()
        now = platform.clock.now()
        session.add(
            SignedInSession(
                id=new_uuid(),
                fingerprint=platform.fingerprinter.of(token),
                kind="browser",
                user_id=user.id,
                team_id=team.id,
                method="password",
                address="127.0.0.1",
                user_agent="",
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
    return {"cookie": f"modelyard_session={token}", "x-csrf-token": "1"}


async def stopped_keys(platform: Platform) -> dict[str, Headers]:
    """Callers whom nothing opens but what is public."""
    roles = [str(role) for role in Role if role != Role.PROJECT]
    past = platform.clock.now() - timedelta(seconds=1)
    never_fetched = await key_with(platform, roles, body_fingerprint=None)
    return {
        "no key": {},
        "unknown": {"authorization": "ApiKey nobody.nothing"},
        "inactive": await key_with(platform, roles, status=KeyStatus.INACTIVE),
        "pending": await key_with(platform, roles, status=KeyStatus.PENDING),
        "rejected": await key_with(platform, roles, status=KeyStatus.REJECTED),
        "deleted": await key_with(platform, roles, status=KeyStatus.DELETED),
        "expired": await key_with(platform, roles, expires_at=past),
        "never fetched": never_fetched,
        "unknown session": {"cookie": "modelyard_session=nothing", "x-csrf-token": "1"},
        "unknown token": {"authorization": "Bearer nothing", "modzy-team-id": CAST.alice.team_id},
    }


async def _add_user(session: AsyncSession, platform: Platform, person: Person) -> tuple[User, Team]:
    team = await session.get(Team, person.team)
    if team is None:
        now = platform.clock.now()
        team = Team(id=person.team, account_id=person.account, name=person.team, is_admin=False, created_at=now)
        session.add(team)
    identifier = new_uuid()
    user = User(
        id=identifier,
        account_id=person.account,
        email=f"{identifier}@example.org",
        first_name="Some",
        last_name="Body",
        status=UserStatus.ACTIVE,
        created_at=platform.clock.now(),
    )
    session.add(user)
    await session.flush()
    return user, team
