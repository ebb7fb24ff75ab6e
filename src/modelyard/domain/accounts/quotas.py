"""Quotas: how many items a user, a team or a project may submit; create, change and delete them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.actor import Actor, RoleMissing, require, within
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.quota_queries import QuotaNotFound, UsedQuota, find_quota
from modelyard.domain.accounts.quota_windows import Period
from modelyard.domain.accounts.states import ProjectStatus, TeamStatus, UserStatus
from modelyard.domain.accounts.tables import Membership, Project, Quota, Team, User
from modelyard.domain.accounts.user_access import UserInOtherTeams
from modelyard.domain.audit.changes import record_change
from modelyard.domain.audit.record import record

LARGEST_AMOUNT = 10**15


class QuotaRejected(InvalidInput):
    """The quota makes no sense as it was asked for."""


class SubjectNotFound(NotFound):
    """There is no such user, team or project that the caller may limit."""

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"There is no {kind} {identifier[:40]!r} whose quotas you may manage.")


class BelowUse(Conflict):
    """More is used already than the quota would allow."""

    def __init__(self, amount: int, used: int) -> None:
        super().__init__(
            f"A quota of {amount} items is below the {used} that are used already in its present window; "
            f"set at least {used}."
        )


class BindsYou(NotAllowed):
    """Somebody loosens a quota that limits themselves."""

    def __init__(self) -> None:
        super().__init__(
            "This quota limits you or your team: you may lower it, but only an administrator of the account may "
            "raise, move or delete it."
        )


@dataclass(frozen=True, slots=True)
class NewQuota:
    """A quota as the caller wants it, for exactly one of user, team and project."""

    amount: int
    period: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    user: str | None = None
    team: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class QuotaChanges:
    """What to change of a quota; None leaves it as it is."""

    amount: int | None = None
    period: str | None = None
    """What it is already; a quota's windows never change, because its use is counted by them."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    without_start: bool = False
    without_end: bool = False


async def create_quota(session: AsyncSession, clock: Clock, actor: Actor, wanted: NewQuota) -> UsedQuota:
    """Limits a user, a team or a project from now on.

    Raises QuotaRejected, SubjectNotFound, UserInOtherTeams.
    """
    require(actor, Permission.MANAGE_QUOTAS)
    if wanted.period is not None and wanted.period not in set(Period):
        raise QuotaRejected(f"period: null, {', '.join(Period)}; not {wanted.period[:40]!r}.")
    if wanted.user is not None:
        await _require_only_team(session, actor, wanted.user)
    now = clock.now()
    quota = Quota(
        id=new_uuid(),
        account_id=await _account_of_subject(session, actor, wanted),
        user_id=wanted.user,
        team_id=wanted.team,
        project_id=wanted.project,
        period=wanted.period,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        amount=wanted.amount,
        created_at=now,
        updated_at=now,
    )
    _check(quota)
    session.add(quota)
    record(session, clock, actor, "quota:created", f"quota/{quota.id}", after=_facts(quota))
    await session.flush()
    return await find_quota(session, clock, actor, quota.id, Permission.MANAGE_QUOTAS)


async def change_quota(
    session: AsyncSession, clock: Clock, actor: Actor, quota_id: str, changes: QuotaChanges
) -> UsedQuota:
    """Changes how much a quota allows, and from when to when it holds.

    Raises QuotaNotFound, QuotaRejected, BelowUse, BindsYou, UserInOtherTeams.
    """
    found = await _find_to_manage(session, clock, actor, quota_id)
    quota, before = found.quota, _facts(found.quota)
    if changes.period not in (None, quota.period):
        raise QuotaRejected("period: it cannot change, because what is used is counted by it; create another quota.")
    _apply(quota, changes)
    after = _facts(quota)
    if after == before:
        return found
    _check(quota)
    if after | {"quota": 0} != before | {"quota": 0} or after["quota"] > before["quota"]:
        _require_unbound(actor, quota)
    if after["quota"] != before["quota"] and quota.amount < found.used:
        raise BelowUse(quota.amount, found.used)
    quota.updated_at = clock.now()
    record_change(session, clock, actor, "quota:changed", f"quota/{quota_id}", before, after)
    await session.flush()
    await session.refresh(quota)
    return found


async def delete_quota(session: AsyncSession, clock: Clock, actor: Actor, quota_id: str) -> None:
    """Lifts a limit; what was counted goes with it. Raises QuotaNotFound, BindsYou, UserInOtherTeams."""
    quota = (await _find_to_manage(session, clock, actor, quota_id)).quota
    _require_unbound(actor, quota)
    await session.delete(quota)
    record(session, clock, actor, "quota:deleted", f"quota/{quota_id}", before=_facts(quota))


async def _find_to_manage(session: AsyncSession, clock: Clock, actor: Actor, quota_id: str) -> UsedQuota:
    """The quota, locked: submissions that count against it wait."""
    require(actor, Permission.MANAGE_QUOTAS)
    await session.execute(select(Quota.id).where(Quota.id == quota_id).with_for_update())
    try:
        found = await find_quota(session, clock, actor, quota_id, Permission.MANAGE_QUOTAS)
    except QuotaNotFound:
        await find_quota(session, clock, actor, quota_id)
        raise RoleMissing(Permission.MANAGE_QUOTAS) from None
    if found.quota.user_id is not None:
        await _require_only_team(session, actor, found.quota.user_id)
    return found


async def _require_only_team(session: AsyncSession, actor: Actor, user_id: str) -> None:
    """A user's quota binds them in every team: who reaches one team limits nobody who is in others, too."""
    if actor.reach(Permission.MANAGE_QUOTAS) != Reach.TEAM or user_id == actor.user_id:
        return
    teams = (
        select(Membership.team_id)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.user_id == user_id, Team.status == TeamStatus.ACTIVE)
    )
    found = set(await session.scalars(teams))
    if actor.team_id in found and len(found) > 1:
        raise UserInOtherTeams


def _require_unbound(actor: Actor, quota: Quota) -> None:
    reach = actor.reach(Permission.MANAGE_QUOTAS)
    is_bound = quota.user_id == actor.user_id or quota.team_id == actor.team_id
    if is_bound and (reach is None or reach < Reach.ACCOUNT):
        raise BindsYou


def _apply(quota: Quota, changes: QuotaChanges) -> None:
    if changes.amount is not None:
        quota.amount = changes.amount
    if changes.starts_at is not None or changes.without_start:
        quota.starts_at = changes.starts_at
    if changes.ends_at is not None or changes.without_end:
        quota.ends_at = changes.ends_at


def _check(quota: Quota) -> None:
    if not 0 <= quota.amount <= LARGEST_AMOUNT:
        raise QuotaRejected(f"quota: 0 to {LARGEST_AMOUNT} items, not {str(quota.amount)[:40]}.")
    if quota.starts_at and quota.ends_at and quota.starts_at >= quota.ends_at:
        raise QuotaRejected("to: later than from.")


def _facts(quota: Quota) -> dict[str, Any]:
    """What the audit trail says of a quota."""
    facts = {"user": quota.user_id, "team": quota.team_id, "project": quota.project_id, "period": quota.period}
    times = {"from": quota.starts_at, "to": quota.ends_at}
    return facts | {name: time and time.isoformat() for name, time in times.items()} | {"quota": quota.amount}


async def _account_of_subject(session: AsyncSession, actor: Actor, wanted: NewQuota) -> str:
    """The account of the one whom a new quota is for, when the actor may limit them."""
    given = {"user": wanted.user, "team": wanted.team, "project": wanted.project}
    named = {kind: identifier for kind, identifier in given.items() if identifier is not None}
    if len(named) != 1:
        raise QuotaRejected("A quota is for exactly one of user, team and project; give one identifier.")
    ((kind, identifier),) = named.items()
    account: str | None = await session.scalar(_SUBJECTS[kind](actor, identifier))
    if account is None:
        raise SubjectNotFound(kind, identifier)
    return account


def _user(actor: Actor, identifier: str) -> Any:
    """A user belongs to every team that they are a member of."""
    colleagues = select(Membership.user_id).where(Membership.team_id == actor.team_id)
    is_within = _within(actor, account=User.account_id, user=User.id)
    if actor.reach(Permission.MANAGE_QUOTAS) == Reach.TEAM:
        is_within = (User.account_id == actor.account_id) & User.id.in_(colleagues)
    return select(User.account_id).where(User.id == identifier, User.status != UserStatus.DELETED, is_within)


def _team(actor: Actor, identifier: str) -> Any:
    is_within = _within(actor, account=Team.account_id, team=Team.id)
    return select(Team.account_id).where(Team.id == identifier, Team.status == TeamStatus.ACTIVE, is_within)


def _project(actor: Actor, identifier: str) -> Any:
    is_within = _within(actor, account=Project.account_id, team=Project.team_id, project=Project.id)
    there = Project.status != ProjectStatus.DELETED
    return select(Project.account_id).where(Project.id == identifier, there, is_within)


def _within(actor: Actor, **columns: Any) -> ColumnElement[bool]:
    return within(actor, Permission.MANAGE_QUOTAS, **columns)


_SUBJECTS = {"user": _user, "team": _team, "project": _project}
