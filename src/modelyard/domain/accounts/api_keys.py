"""API keys: what they look like, making them and their bodies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.ids import new_key_part
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts.roles import RoleType
from modelyard.domain.accounts.tables import ApiKey, Project, Team, User

TOPIC = "access"
"""Rings when it may have changed who is let in and what they may do."""


class KeyStatus(StrEnum):
    """Where a key stands; Deleted is final. Clients may filter by Pending and Rejected, which no key is."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"
    PENDING = "Pending"
    REJECTED = "Rejected"
    DELETED = "Deleted"


def key_type(key: ApiKey) -> RoleType:
    """Which roles a key may carry: a project's keys those of the system's type."""
    return RoleType.SYSTEM if key.project_id else RoleType.USER


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the only moment when its body is known."""

    prefix: str
    body: str = field(repr=False)

    @property
    def text(self) -> str:
        """What clients send."""
        return f"{self.prefix}.{self.body}"


def make_key(text: str = "") -> NewKey:
    """A random key, or the one given as `prefix.body`."""
    prefix, _, body = text.partition(".")
    return NewKey(prefix, body) if text else NewKey(new_key_part(), new_key_part())


def add_user_key(session: AsyncSession, clock: Clock, user: User, team: Team) -> ApiKey:
    """The key of a user in a team, still without a body: its owner fetches that, once."""
    name = f"{user.first_name} {user.last_name}".strip() or user.email
    return _add(session, clock, user=user, team=team, project=None, name=name, roles=(), is_default=True)


def add_project_key(
    session: AsyncSession, clock: Clock, project: Project, team: Team, owner: User, *, name: str, roles: Sequence[str]
) -> ApiKey:
    """A further key of a project, still without a body."""
    return _add(session, clock, user=owner, team=team, project=project, name=name, roles=roles, is_default=False)


def _add(
    session: AsyncSession,
    clock: Clock,
    *,
    user: User,
    team: Team,
    project: Project | None,
    name: str,
    roles: Sequence[str],
    is_default: bool,
) -> ApiKey:
    row = ApiKey(
        prefix=new_key_part(),
        body_fingerprint=None,
        name=name,
        account_id=team.account_id,
        team_id=team.id,
        user_id=user.id,
        project_id=project.id if project else None,
        roles=list(roles),
        status=KeyStatus.ACTIVE,
        is_default=is_default,
        is_high_priority=False,
        created_at=clock.now(),
    )
    session.add(row)
    return row


def give_body(
    session: AsyncSession, clock: Clock, fingerprinter: Fingerprinter, row: ApiKey, key: NewKey | None = None
) -> NewKey:
    """Makes a new body for a key, which replaces the one it had; only its fingerprint is kept."""
    new = key or NewKey(row.prefix, new_key_part())
    row.prefix = new.prefix
    row.body_fingerprint = fingerprinter.of(new.body)
    row.retrieved_at = clock.now()
    ring_after_commit(session, TOPIC)
    return new
