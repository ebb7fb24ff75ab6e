"""Sessions of signed-in people: opening, listing and ending them, and the short-lived tokens made from them."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import InvalidInput, NotAllowed, NotFound
from modelyard.core.ids import new_uuid
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import TOPIC
from modelyard.domain.accounts.states import TeamStatus
from modelyard.domain.accounts.tables import Membership, SignedInSession, Team, User
from modelyard.domain.audit.record import record

MOST_PER_USER = 50
"""Of each kind; with one more, the one that was used longest ago ends."""


class SessionKind(StrEnum):
    """What proves it: a cookie of a browser, or a token in a header."""

    BROWSER = "browser"
    TOKEN = "token"  # noqa: S105 - a word, not a secret


class SessionNotFound(NotFound):
    """The caller has no such session."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"You have no session {session_id[:40]!r}.")


class NotInTeam(InvalidInput):
    """A person can act only for teams that they are in."""

    def __init__(self) -> None:
        super().__init__("You are not a member of this team; GET /api/accounting/teams lists yours.")


class TeamMissing(NotAllowed):
    """A person who is in no team can do nothing."""

    def __init__(self) -> None:
        super().__init__("You are not a member of any team; ask an administrator to add you to one.")


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session at the only moment when its token is known."""

    row: SignedInSession
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody signs in from, and how."""

    address: str
    user_agent: str
    method: str


async def open_session(
    session: AsyncSession,
    clock: Clock,
    fingerprinter: Fingerprinter,
    user: User,
    visitor: Visitor,
    *,
    team_id: str | None,
    lifetime: timedelta,
) -> NewSession:
    """Signs a user in, acting for a team of theirs; without one named, for the first that they joined.

    Raises NotInTeam, TeamMissing.
    """
    team = await _team_of(session, user, team_id)
    row, token = _new_row(clock, fingerprinter, user.id, team, visitor, SessionKind.BROWSER, lifetime)
    session.add(row)
    user.last_active_at = clock.now()
    await session.flush()
    await _end_oldest(session, row)
    return NewSession(row, token)


async def make_token(
    session: AsyncSession, clock: Clock, fingerprinter: Fingerprinter, actor: Actor, lifetime: timedelta
) -> NewSession:
    """A token for the header `Authorization: Bearer`, good for a while and no longer than the session it is from."""
    parent = await _own(session, actor, actor.session_id or "")
    if parent.kind == SessionKind.TOKEN:
        raise SessionNotFound(parent.id)
    visitor = Visitor(parent.address, parent.user_agent, parent.method)
    row, token = _new_row(clock, fingerprinter, actor.user_id, actor.team_id, visitor, SessionKind.TOKEN, lifetime)
    row.parent_id = parent.id
    row.expires_at = min(row.expires_at, parent.expires_at)
    session.add(row)
    record(session, clock, actor, "session:token:made", f"session/{parent.id}")
    await session.flush()
    await _end_oldest(session, row)
    return NewSession(row, token)


def _new_row(
    clock: Clock,
    fingerprinter: Fingerprinter,
    user_id: str,
    team_id: str,
    visitor: Visitor,
    kind: SessionKind,
    lifetime: timedelta,
) -> tuple[SignedInSession, str]:
    token, now = secrets.token_urlsafe(32), clock.now()
    row = SignedInSession(
        id=new_uuid(),
        fingerprint=fingerprinter.of(token),
        kind=kind,
        user_id=user_id,
        team_id=team_id,
        method=visitor.method,
        address=visitor.address[:45],
        user_agent=visitor.user_agent[:300],
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
    )
    return row, token


async def _team_of(session: AsyncSession, user: User, team_id: str | None) -> str:
    query = (
        select(Membership.team_id)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.user_id == user.id, Team.status == TeamStatus.ACTIVE)
        .order_by(Membership.created_at, Team.name)
    )
    teams = (await session.scalars(query)).all()
    if not teams:
        raise TeamMissing
    if team_id is not None and team_id not in teams:
        raise NotInTeam
    return team_id or teams[0]


async def _end_oldest(session: AsyncSession, new: SignedInSession) -> None:
    query = select(SignedInSession.id).where(SignedInSession.user_id == new.user_id, SignedInSession.kind == new.kind)
    too_many = (await session.scalars(query.order_by(SignedInSession.last_seen_at.desc()).offset(MOST_PER_USER))).all()
    if too_many:
        await session.execute(delete(SignedInSession).where(SignedInSession.id.in_(too_many)))
        ring_after_commit(session, TOPIC)


async def list_sessions(session: AsyncSession, clock: Clock, actor: Actor) -> list[SignedInSession]:
    """The caller's own, the one used last first."""
    query = select(SignedInSession).where(
        SignedInSession.user_id == actor.user_id, SignedInSession.expires_at > clock.now()
    )
    return list(await session.scalars(query.order_by(SignedInSession.last_seen_at.desc())))


async def switch_team(session: AsyncSession, clock: Clock, actor: Actor, team_id: str) -> SignedInSession:
    """Lets the caller's session act for another team of theirs. Raises NotInTeam."""
    row = await _own(session, actor, actor.session_id or "")
    user = await session.get_one(User, actor.user_id)
    before, row.team_id = row.team_id, await _team_of(session, user, team_id)
    record(session, clock, actor, "session:team:switched", f"session/{row.id}", before=before, after=team_id)
    ring_after_commit(session, TOPIC)
    return row


async def end_session(session: AsyncSession, clock: Clock, actor: Actor, session_id: str) -> None:
    """Ends one of the caller's sessions, and the tokens made from it. Raises SessionNotFound."""
    row = await _own(session, actor, session_id)
    await session.execute(delete(SignedInSession).where(SignedInSession.id == row.id))
    record(session, clock, actor, "session:ended", f"session/{row.id}")
    ring_after_commit(session, TOPIC)


async def end_all_sessions(session: AsyncSession, user_id: str, *, except_for: str | None = None) -> int:
    """Signs a user out everywhere; returns from how many sessions and tokens."""
    doomed = delete(SignedInSession).where(SignedInSession.user_id == user_id, SignedInSession.id != (except_for or ""))
    ended = await session.scalars(doomed.returning(SignedInSession.id))
    ring_after_commit(session, TOPIC)
    return len(ended.all())


async def end_everywhere(session: AsyncSession, clock: Clock, actor: Actor) -> int:
    """Signs the caller out everywhere, here too; returns from how many sessions."""
    ended = await end_all_sessions(session, actor.user_id)
    record(session, clock, actor, "session:all-ended", f"user/{actor.user_id}", sessions=ended)
    return ended


async def end_others(session: AsyncSession, clock: Clock, actor: Actor) -> int:
    """Ends all of the caller's sessions and tokens but the session in use; returns how many."""
    ended = await end_all_sessions(session, actor.user_id, except_for=actor.session_id)
    record(session, clock, actor, "session:others-ended", f"user/{actor.user_id}", sessions=ended)
    return ended


async def forget_expired(session: AsyncSession, clock: Clock, idle: timedelta) -> None:
    """Removes the rows of sessions that are over."""
    now = clock.now()
    is_over = or_(SignedInSession.expires_at <= now, SignedInSession.last_seen_at <= now - idle)
    await session.execute(delete(SignedInSession).where(is_over))


async def _own(session: AsyncSession, actor: Actor, session_id: str) -> SignedInSession:
    row = await session.get(SignedInSession, session_id)
    if row is None or row.user_id != actor.user_id:
        raise SessionNotFound(session_id)
    return row
