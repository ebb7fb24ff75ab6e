"""What a project's jobs amount to: how many there were, of which models, and what became of their items."""

from dataclasses import dataclass

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
    number = func.count(Job.id)
    sums = [number, *map(func.sum, (Job.total, Job.completed, Job.failed, Job.input_bytes))]
    rows = await session.execute(
        select(Job.model_id, func.max(Job.model_name), Job.version, *sums)
        .where(*mine)
        .group_by(Job.model_id, Job.version)
        .order_by(number.desc(), Job.model_id, Job.version)
    )
    uses, totals = [], [0] * len(sums)
    for model_id, name, version, *numbers in rows:
        uses.append(ModelUse(model_id, name, version, numbers[0]))
        totals = [total + int(more) for total, more in zip(totals, numbers, strict=True)]
    jobs, items, completed, failed, size = totals
    return ProjectStatistics(jobs, items, completed, failed, size, uses)
