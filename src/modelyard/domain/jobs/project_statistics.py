"""What a project's jobs amount to: how many there were, of which models, and what became of their items."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.project_queries import find_project
from modelyard.domain.jobs.queries import visible_jobs
from modelyard.domain.jobs.tables import Job


@dataclass(frozen=True, slots=True)
class ModelUse:
    """How many jobs ran one version of a model."""

    model_id: str
    name: str
    version: str
    jobs: int


@dataclass(frozen=True, slots=True)
class ProjectStatistics:
    """Numbers of jobs, of their items and of the bytes of these."""

    jobs: int
    items: int
    completed: int
    failed: int
    input_bytes: int
    models: list[ModelUse]


async def read_statistics(session: AsyncSession, actor: Actor, project_id: str) -> ProjectStatistics:
    """Counts the jobs of a project that the actor may see; the models most used come first. Raises ProjectNotFound."""
    await find_project(session, actor, project_id)
    mine = (Job.project_id == project_id, visible_jobs(actor))
    totals = await session.execute(
        select(func.count(Job.id), _sum(Job.total), _sum(Job.completed), _sum(Job.failed), _sum(Job.input_bytes)).where(
            *mine
        )
    )
    jobs, items, completed, failed, size = totals.one()
    number = func.count(Job.id)
    uses = await session.execute(
        select(Job.model_id, func.max(Job.model_name), Job.version, number)
        .where(*mine)
        .group_by(Job.model_id, Job.version)
        .order_by(number.desc(), Job.model_id, Job.version)
    )
    return ProjectStatistics(jobs, items, completed, failed, size, [ModelUse(*row) for row in uses])


def _sum(column: Any) -> Any:
    return func.coalesce(func.sum(column), 0)
