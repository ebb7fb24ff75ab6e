"""What tests of quotas do again and again: make one, and look at what is used."""

from typing import Any

from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.quota_queries import UsedQuota
from modelyard.domain.accounts.quotas import NewQuota, create_quota
from modelyard.domain.accounts.roles import Role, prebuilt_grants
from modelyard.domain.accounts.states import ProjectStatus
from modelyard.domain.accounts.tables import Project, QuotaUse
from tests.cast import CAST
from tests.manual_clock import ManualClock


async def add_quota(database: Database, amount: int, *, by: Actor = CAST.olga, **whom: Any) -> UsedQuota:
    """A quota that Olga makes."""
    async with database.write() as session:
        return await create_quota(session, ManualClock(), by, NewQuota(amount=amount, **whom))


async def used_of(database: Database, quota: UsedQuota) -> list[int]:
    """What is used in each of its windows, oldest first."""
    async with database.read() as session:
        query = select(QuotaUse.used).where(QuotaUse.quota_id == quota.quota.id).order_by(QuotaUse.window_start)
        return list(await session.scalars(query))


async def add_project(database: Database, owner: Actor = CAST.alice, **values: Any) -> Project:
    """A project of somebody's, without keys."""
    now = ManualClock().now()
    given = {"name": "A project", "description": "", "status": ProjectStatus.ACTIVE, "visibility": "PRIVATE"} | values
    project = Project(
        id=new_uuid(),
        account_id=owner.account_id,
        team_id=owner.team_id,
        user_id=owner.user_id,
        created_at=now,
        updated_at=now,
        **given,
    )
    async with database.write() as session:
        session.add(project)
    return project


def key_of_project(project: Project, owner: Actor = CAST.alice) -> Actor:
    """Who acts through a key of a project."""
    return Actor(
        account_id=owner.account_id,
        account_name=owner.account_name,
        team_id=owner.team_id,
        user_id=owner.user_id,
        email=owner.email,
        first_name=owner.first_name,
        last_name=owner.last_name,
        key_prefix="projectprefix",
        roles=frozenset({Role.PROJECT}),
        grants=prebuilt_grants([Role.PROJECT]),
        project_id=project.id,
        project_name=project.name,
    )
