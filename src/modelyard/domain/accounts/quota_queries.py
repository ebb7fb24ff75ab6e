"""Finds and lists quotas, with what is used of them now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import UtcDateTime
from modelyard.core.errors import NotFound
from modelyard.core.listing import one_page, ordered, paged
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.actor import Actor, require, within
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.quota_windows import ALWAYS, Period, window_at
from modelyard.domain.accounts.tables import Membership, Project, ProjectMember, Quota, QuotaUse, Team, User

SORTS: dict[str, Any] = {
    "identifier": Quota.id,
    "period": Quota.period,
    "quota": Quota.amount,
    "createdAt": Quota.created_at,
    "from": Quota.starts_at,
    "to": Quota.ends_at,
}


class QuotaNotFound(NotFound):
    """There is no such quota, or the caller may not see it."""

    def __init__(self, quota_id: str) -> None:
        super().__init__(f"There is no quota {quota_id[:40]!r} that you may see.")


@dataclass(frozen=True, slots=True)
class QuotaFilter:
    """Whose quotas to look for, by identifier; empty means anybody's."""

    user: str = ""
    team: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True)
class UsedQuota:
    """A quota, the name of whom it binds, and the items that count against it in its present window."""

    quota: Quota
    used: int
    name: str


def quotas_over(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """The rows of `quotas` that a permission of the actor holds over: those of their users, teams and projects."""
    named = within(
        actor,
        permission,
        account=Quota.account_id,
        team=Quota.team_id,
        user=Quota.user_id,
        project=Quota.project_id,
    )
    reach = actor.reach(permission)
    if reach is None or reach >= Reach.ACCOUNT or actor.project_id:
        return named
    mine = select(ProjectMember.project_id).where(ProjectMember.user_id == actor.user_id)
    projects = select(Project.id).where(or_(Project.user_id == actor.user_id, Project.id.in_(mine)))
    further = [Quota.project_id.in_(projects)]
    if reach == Reach.TEAM:
        colleagues = select(Membership.user_id).where(Membership.team_id == actor.team_id)
        of_team = select(Project.id).where(Project.team_id == actor.team_id)
        further += [Quota.user_id.in_(colleagues), Quota.project_id.in_(of_team)]
    return or_(named, and_(Quota.account_id == actor.account_id, or_(*further)))


async def find_quota(
    session: AsyncSession, clock: Clock, actor: Actor, quota_id: str, permission: Permission = Permission.READ_QUOTAS
) -> UsedQuota:
    """A quota that a permission holds over. Raises QuotaNotFound."""
    require(actor, permission)
    query = _with_use(clock.now()).where(Quota.id == quota_id, quotas_over(actor, permission))
    row = (await session.execute(query.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise QuotaNotFound(quota_id)
    return UsedQuota(*row)


async def list_quotas(
    session: AsyncSession, clock: Clock, actor: Actor, wanted: QuotaFilter, page: Page, sort: Sort
) -> Found[UsedQuota]:
    """The quotas that the actor may see, newest first unless sorted otherwise."""
    require(actor, Permission.READ_QUOTAS)
    query = _with_use(clock.now()).where(quotas_over(actor, Permission.READ_QUOTAS))
    filters = ((Quota.user_id, wanted.user), (Quota.team_id, wanted.team), (Quota.project_id, wanted.project))
    query = query.where(*(column == identifier for column, identifier in filters if identifier))
    query = query.order_by(*ordered(sort, SORTS, Quota.created_at, Quota.id, newest_first=True))
    return one_page([UsedQuota(*row) for row in await session.execute(paged(query, page))], page)


def _with_use(now: datetime) -> Any:
    """Quotas beside their use and name, in one query for any number of them."""
    starts = [(Quota.period == period, literal(window_at(period, now).start, UtcDateTime())) for period in Period]
    window_start = case(*starts, else_=literal(ALWAYS, UtcDateTime()))
    return (
        select(Quota, func.coalesce(QuotaUse.used, 0), func.coalesce(User.email, Team.name, Project.name))
        .join(User, User.id == Quota.user_id, isouter=True)
        .join(Team, Team.id == Quota.team_id, isouter=True)
        .join(Project, Project.id == Quota.project_id, isouter=True)
        .join(QuotaUse, and_(QuotaUse.quota_id == Quota.id, QuotaUse.window_start == window_start), isouter=True)
    )
