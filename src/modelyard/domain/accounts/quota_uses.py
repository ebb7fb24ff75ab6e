"""Counts the items of jobs against quotas, and credits back those that came to nothing; exact under concurrency."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import bindparam, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import LimitReached
from modelyard.domain.accounts.quota_windows import Period, Window, seconds_until, window_at
from modelyard.domain.accounts.tables import Project, Quota, QuotaUse, Team, User

Charge = tuple[str, str]
"""A quota and the beginning of the window that was charged."""


class Charged(Protocol):
    """Whose quotas count: who submits a job, or the job of theirs."""

    @property
    def team_id(self) -> str:
        """Their team."""

    @property
    def user_id(self) -> str:
        """Themselves."""

    @property
    def project_id(self) -> str | None:
        """The project whose key they use."""


class QuotaUsedUp(LimitReached):
    """A job has more items than a quota has left."""

    def __init__(self, name: str, quota: Quota, window: Window, *, left: int, items: int, now: datetime) -> None:
        ends = [time for time in (window.end, quota.ends_at) if time]
        end = min(ends) if ends else None
        renewal = "It does not renew."
        if end:
            renewal = f"It {'renews' if end == window.end else 'ends'} at {end.isoformat(timespec='seconds')}."
        period = f"{quota.period} " if quota.period else ""
        fits_later = end is not None and (items <= quota.amount or end == quota.ends_at)
        super().__init__(
            f"The {period}quota of {name} is {quota.amount} items; {left} of them are left, and this job has {items}. "
            f"{renewal} Submit fewer items, or ask an administrator for a larger quota.",
            retry_after=seconds_until(end, now) if end and fits_later else None,
        )


async def charge(session: AsyncSession, clock: Clock, charged_to: Charged, items: int) -> list[Charge]:
    """Counts items of a new job against every quota that binds who submits it; all of them fit, or none is charged.

    To be called in the transaction that stores the job. Raises QuotaUsedUp.
    """
    now = clock.now()
    # Locked in one order, so that submissions wait for each other, for changes of the quota, and never in a circle.
    binding = _OF_PROJECT if charged_to.project_id else _OF_USER
    whose = {"own": charged_to.project_id or charged_to.user_id, "team": charged_to.team_id}
    quotas = await session.scalars(binding, whose)
    charged = []
    for quota in quotas.all():
        if not holds_at(quota, now):
            continue
        window = window_of(quota, now)
        if not await _add(session, quota, window, items):
            left = quota.amount - await _used(session, quota, window)
            raise QuotaUsedUp(
                await _subject_name(session, quota), quota, window, left=max(0, left), items=items, now=now
            )
        charged.append((quota.id, window.start.isoformat()))
    return charged


async def credit(session: AsyncSession, charges: Iterable[tuple[Sequence[Charge], int]]) -> None:
    """Gives items back to the windows that were charged. Without charges it asks the database nothing.

    Args:
        charges: what jobs were charged, and how many of their items came to nothing.
    """
    back: Counter[Charge] = Counter()
    for charged, items in charges:
        for quota_id, start in charged:
            back[quota_id, start] += items
    for (quota_id, start), items in sorted(back.items()):
        if items:
            await session.execute(
                update(QuotaUse)
                .where(QuotaUse.quota_id == quota_id, QuotaUse.window_start == datetime.fromisoformat(start))
                .values(used=case((QuotaUse.used > items, QuotaUse.used - items), else_=0))
                .execution_options(synchronize_session=False)
            )


def window_of(quota: Quota, now: datetime) -> Window:
    """The window of a quota that a time lies in."""
    return window_at(Period(quota.period) if quota.period else None, now)


def holds_at(quota: Quota, now: datetime) -> bool:
    """Whether a quota limits anything at a time."""
    return (quota.starts_at is None or quota.starts_at <= now) and (quota.ends_at is None or now < quota.ends_at)


# The quotas that jobs count against: the team's, and the project's or else the user's. Every submission asks.
_OF_PROJECT, _OF_USER = (
    select(Quota)
    .where(or_(own == bindparam("own"), Quota.team_id == bindparam("team")))
    .order_by(Quota.id)
    .with_for_update()
    for own in (Quota.project_id, Quota.user_id)
)


async def _add(session: AsyncSession, quota: Quota, window: Window, items: int) -> bool:
    if items > quota.amount:
        return False
    use = (QuotaUse.quota_id == quota.id, QuotaUse.window_start == window.start)
    added = await session.execute(
        update(QuotaUse)
        .where(*use, QuotaUse.used + items <= quota.amount)
        .values(used=QuotaUse.used + items)
        .returning(QuotaUse.used)
        .execution_options(synchronize_session=False)
    )
    if added.one_or_none() is not None:
        return True
    if await session.scalar(select(QuotaUse.used).where(*use)) is not None:
        return False
    session.add(QuotaUse(quota_id=quota.id, window_start=window.start, used=items))  # the quota's row is locked
    await session.flush()
    return True


async def _used(session: AsyncSession, quota: Quota, window: Window) -> int:
    query = select(QuotaUse.used).where(QuotaUse.quota_id == quota.id, QuotaUse.window_start == window.start)
    return await session.scalar(query) or 0


async def _subject_name(session: AsyncSession, quota: Quota) -> str:
    """As people know it."""
    subjects: list[tuple[str, Any, Any, str | None]] = [
        ("the user", User.id, User.email, quota.user_id),
        ("the team", Team.id, Team.name, quota.team_id),
        ("the project", Project.id, Project.name, quota.project_id),
    ]
    for word, column, name, identifier in subjects:
        if identifier is not None:
            return f"{word} {await session.scalar(select(name).where(column == identifier))}"
    raise AssertionError("a quota has a user, a team or a project")
