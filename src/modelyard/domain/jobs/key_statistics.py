"""What was submitted with API keys: how many jobs with each, and of which models."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.key_queries import KeyNotFound, visible_keys
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import ApiKey
from modelyard.domain.jobs.project_statistics import ModelUse
from modelyard.domain.jobs.queries import visible_jobs
from modelyard.domain.jobs.tables import Job


@dataclass(frozen=True, slots=True)
class KeyStatistics:
    """What one key was used for."""

    prefix: str
    last_used_at: datetime | None
    models: list[ModelUse] = field(default_factory=list)

    @property
    def jobs(self) -> int:
        """How many jobs were submitted with it."""
        return sum(use.jobs for use in self.models)


async def list_key_statistics(session: AsyncSession, actor: Actor) -> list[KeyStatistics]:
    """All keys with jobs that the actor may see, by prefix; the models most used come first."""
    require(actor, Permission.READ_JOBS)
    return await _read(session, _uses(actor))


async def read_key_statistics(session: AsyncSession, actor: Actor, prefix: str) -> KeyStatistics:
    """The same of one key; without jobs it has to be a key that the actor may see. Raises KeyNotFound."""
    require(actor, Permission.READ_JOBS)
    if found := await _read(session, _uses(actor).where(Job.key_prefix == prefix)):
        return found[0]
    key = await session.scalar(select(ApiKey).where(ApiKey.prefix == prefix, visible_keys(actor)))
    if key is None:
        raise KeyNotFound(prefix)
    return KeyStatistics(key.prefix, key.last_used_at)


def _uses(actor: Actor) -> Select[*tuple[Any, ...]]:
    number = func.count(Job.id)
    return (
        select(Job.key_prefix, Job.model_id, func.max(Job.model_name), Job.version, number)
        .where(visible_jobs(actor))
        .group_by(Job.key_prefix, Job.model_id, Job.version)
        .order_by(Job.key_prefix, number.desc(), Job.model_id, Job.version)
    )


async def _read(session: AsyncSession, uses: Select[*tuple[Any, ...]]) -> list[KeyStatistics]:
    rows = (await session.execute(uses)).all()
    used = select(ApiKey.prefix, ApiKey.last_used_at).where(ApiKey.prefix.in_({row[0] for row in rows}))
    times = {prefix: at for prefix, at in await session.execute(used)}  # noqa: C416 - rows are no pairs
    return [
        KeyStatistics(prefix, times.get(prefix), [ModelUse(*use) for _, *use in of_key])
        for prefix, of_key in groupby(rows, lambda row: row[0])
    ]
