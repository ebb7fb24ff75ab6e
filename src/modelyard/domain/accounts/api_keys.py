"""API keys: making them, and finding out who sent one."""

import hmac
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import NotAuthenticated
from modelyard.core.ids import new_key_part
from modelyard.core.sealing import Sealer
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import Account, ApiKey, Team, User

ACTIVE = "Active"


class KeyMissing(NotAuthenticated):
    """The request carries no key."""

    def __init__(self) -> None:
        super().__init__("This address needs an API key; send the header 'Authorization: ApiKey <prefix>.<body>'.")


class KeyUnknown(NotAuthenticated):
    """No active key is like the one that was sent."""

    def __init__(self) -> None:
        super().__init__("The API key is unknown or no longer active; check it, or ask an administrator for a new one.")


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


def add_key(
    session: AsyncSession,
    clock: Clock,
    sealer: Sealer,
    key: NewKey,
    *,
    user: User,
    team: Team,
    roles: list[Role],
    name: str,
) -> ApiKey:
    """Stores a key of a user in a team."""
    row = ApiKey(
        prefix=key.prefix,
        body_fingerprint=sealer.fingerprint(key.body),
        name=name,
        account_id=team.account_id,
        team_id=team.id,
        user_id=user.id,
        roles=[str(role) for role in roles],
        status=ACTIVE,
        is_default=True,
        is_high_priority=False,
        created_at=clock.now(),
        last_used_at=None,
    )
    session.add(row)
    return row


async def authenticate(session: AsyncSession, sealer: Sealer, authorization: str | None, team_id: str | None) -> Actor:
    """Finds out who sends a request.

    Args:
        authorization: the header's value: `ApiKey <prefix>.<body>`, or `Bearer <prefix>.<body>` with a team.
        team_id: the `Modzy-Team-Id` header; with Bearer it must be there and be the key's team.

    Raises KeyMissing, KeyUnknown.
    """
    scheme, _, text = (authorization or "").strip().partition(" ")
    if scheme.lower() not in {"apikey", "bearer"} or not text:
        raise KeyMissing
    prefix, _, body = text.strip().partition(".")
    found = (await session.execute(_WITH_OWNER.where(ApiKey.prefix == prefix[:64]))).one_or_none()
    expected = found[0].body_fingerprint if found else "0" * 64
    matches = hmac.compare_digest(sealer.fingerprint(body), expected)
    if found is None or not matches:
        raise KeyUnknown
    key, user, account = found
    if key.status != ACTIVE or user.status != ACTIVE or _is_other_team(scheme, team_id, key):
        raise KeyUnknown
    return _actor(key, user, account)


_WITH_OWNER = (
    select(ApiKey, User, Account).join(User, User.id == ApiKey.user_id).join(Account, Account.id == ApiKey.account_id)
)


def _is_other_team(scheme: str, team_id: str | None, key: ApiKey) -> bool:
    if scheme.lower() == "bearer":
        return team_id != key.team_id
    return team_id is not None and team_id != key.team_id


def _actor(key: ApiKey, user: User, account: Account) -> Actor:
    return Actor(
        account_id=account.id,
        account_name=account.name,
        team_id=key.team_id,
        user_id=user.id,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        key_prefix=key.prefix,
        roles=frozenset(Role(role) for role in key.roles),
        is_high_priority=key.is_high_priority,
    )
