"""Looks up who a key or a session belongs to, and what they may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.addresses import read_address
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.granting import read_grants
from modelyard.domain.accounts.key_limits import Network, read_networks
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.project_owners import OWNER_BELONGS
from modelyard.domain.accounts.states import AccountStatus, ProjectStatus, TeamStatus, UserStatus
from modelyard.domain.accounts.tables import (
    Account,
    ApiKey,
    Membership,
    Project,
    SignedInSession,
    Team,
    User,
)


@dataclass(frozen=True, slots=True)
class Known:
    """An actor as the database knows them, and until when and from where that holds."""

    actor: Actor
    fingerprint: str | None
    is_active: bool
    expires_at: datetime | None
    networks: tuple[Network, ...] = ()

    def holds(self, now: datetime) -> bool:
        """Whether it is still active."""
        return self.is_active and (self.expires_at is None or now < self.expires_at)

    def is_from(self, address: str) -> bool:
        """Whether it may be used from an address."""
        if not self.networks:
            return True
        known = read_address(address)
        return known is not None and any(known in network for network in self.networks)


async def find_by_prefix(session: AsyncSession, prefix: str) -> Known | None:
    """Who a key belongs to."""
    row = (await session.execute(_KEY_WITH_OWNER.where(ApiKey.prefix == prefix))).one_or_none()
    if row is None:
        return None
    key, user, account, team, project, membership, owner_belongs = row
    roles = key.roles if project else membership.roles if membership else []
    is_there = bool(project.status == ProjectStatus.ACTIVE and owner_belongs if project else membership)
    grants = await read_grants(session, account.id, roles)
    if key.scopes:
        grants = {permission: reach for permission, reach in grants.items() if permission in key.scopes}
    return Known(
        actor=_actor(user, account, team, roles, grants, key=key, project=project),
        fingerprint=key.body_fingerprint,
        is_active=key.status == KeyStatus.ACTIVE and is_there and _all_active(user, account, team),
        expires_at=key.expires_at,
        networks=read_networks(key.networks),
    )


async def find_by_session(
    session: AsyncSession, fingerprint: str, team_id: str | None, *, idle: timedelta
) -> Known | None:
    """Who is signed in with a session, acting for its team or for another of theirs."""
    where = SignedInSession.fingerprint == fingerprint
    row = (await session.execute(_session_with_owner(team_id).where(where))).one_or_none()
    if row is None:
        return None
    signed_in, user, account, team, membership, key = row
    grants = await read_grants(session, account.id, membership.roles)
    return Known(
        actor=_actor(user, account, team, membership.roles, grants, key=key, session_id=signed_in.id),
        fingerprint=fingerprint,
        is_active=_all_active(user, account, team),
        expires_at=min(signed_in.expires_at, signed_in.last_seen_at + idle),
    )


_KEY_WITH_OWNER = (
    select(ApiKey, User, Account, Team, Project, Membership, OWNER_BELONGS)
    .join(User, User.id == ApiKey.user_id)
    .join(Account, Account.id == ApiKey.account_id)
    .join(Team, Team.id == ApiKey.team_id)
    .join(Project, Project.id == ApiKey.project_id, isouter=True)
    .join(Membership, and_(Membership.user_id == ApiKey.user_id, Membership.team_id == ApiKey.team_id), isouter=True)
)


def _session_with_owner(team_id: str | None) -> Any:
    team: Any = team_id if team_id is not None else SignedInSession.team_id
    users_key = and_(
        ApiKey.user_id == User.id,
        ApiKey.team_id == Team.id,
        ApiKey.project_id.is_(None),
        ApiKey.status == KeyStatus.ACTIVE,  # jobs of a key that stopped would be canceled
    )
    return (
        select(SignedInSession, User, Account, Team, Membership, ApiKey)
        .join(User, User.id == SignedInSession.user_id)
        .join(Account, Account.id == User.account_id)
        .join(Team, Team.id == team)
        .join(Membership, and_(Membership.user_id == User.id, Membership.team_id == Team.id))
        .join(ApiKey, users_key, isouter=True)
    )


def _all_active(user: User, account: Account, team: Team) -> bool:
    return (
        user.status == UserStatus.ACTIVE and account.status == AccountStatus.ACTIVE and team.status == TeamStatus.ACTIVE
    )


def _actor(
    user: User,
    account: Account,
    team: Team,
    roles: Sequence[str],
    grants: dict[Permission, Reach],
    *,
    key: ApiKey | None,
    project: Project | None = None,
    session_id: str | None = None,
) -> Actor:
    return Actor(
        account_id=account.id,
        account_name=account.name,
        team_id=team.id,
        user_id=user.id,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        key_prefix=key.prefix if key else "",
        roles=frozenset(roles),
        grants=grants,
        in_admin_team=team.is_admin and project is None,
        is_high_priority=bool(key and key.is_high_priority),
        project_id=project.id if project else None,
        project_name=project.name if project else "",
        session_id=session_id,
    )
