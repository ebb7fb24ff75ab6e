"""What the jobs ask of the engines: how many items of which version are open."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.tables import Account
from modelyard.domain.engines.wanted import Demand
from modelyard.domain.jobs.pace import Pace
from modelyard.domain.jobs.status import OPEN_ITEMS
from modelyard.domain.jobs.tables import JobItem, JobLane
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.tables import Model, Version, VersionStatus


async def read_demand(
    session: AsyncSession, running: Collection[int], *, pace: Pace, default_engines: int | None = None
) -> dict[int, Demand]:
    """Versions with open items, active ones that keep engines running, and those that have engines now.

    Args:
        pace: how quickly items of versions went lately.
        default_engines: the licence of accounts that have none of their own; None for any number.
    """
    counts = await session.execute(
        select(JobLane.version_id, func.count())
        .join(JobItem, JobItem.lane_id == JobLane.id)
        .where(JobItem.state.in_(OPEN_ITEMS))
        .group_by(JobLane.version_id)
    )
    open_items: dict[int, int] = {row[0]: row[1] for row in counts}
    is_kept_warm = (Version.status == VersionStatus.ACTIVE) & (Version.minimum_engines > 0)
    rows = await session.execute(
        select(Version, Account.id, Account.processing_engines)
        .join(Version.model)
        .join(Account, Account.id == Model.account_id)
        .where(or_(Version.id.in_({*open_items, *running}), is_kept_warm), Version.requirement_id != EDGE_ID)
    )
    return {
        version.id: replace(
            _demand(version, open_items.get(version.id, 0)),
            seconds_per_item=pace.seconds_per_item(version.id),
            account=account,
            licence=default_engines if licence is None else licence,
        )
        for version, account, licence in rows
    }


def _demand(version: Version, open_items: int) -> Demand:
    is_active = version.status == VersionStatus.ACTIVE
    return Demand(
        open_items=open_items,
        minimum=version.minimum_engines if is_active else 0,
        maximum=version.maximum_engines if is_active or open_items else 0,
        batch_size=version.batch_size,
    )
