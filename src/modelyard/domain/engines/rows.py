"""Reads and writes the rows of engines."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from modelyard.core.clock import Clock
from modelyard.core.errors import PlatformError
from modelyard.core.ids import new_uuid, random_word
from modelyard.domain.engines.plan import EnginePlan
from modelyard.domain.engines.tables import LIVE, Engine, EngineState, Purpose
from modelyard.domain.models.tables import Version


def new_engine(clock: Clock, plan: EnginePlan, purpose: Purpose, owner: str) -> Engine:
    """The row of an engine that is about to be started."""
    name = f"model-batch-{plan.model_id}-{plan.version.replace('.', '-')}-{random_word(10)}-{random_word(5)}"
    return Engine(
        id=new_uuid(),
        name=name,
        version_id=plan.version_id,
        purpose=purpose,
        state=EngineState.STARTING,
        owner=owner,
        created_at=clock.now(),
    )


async def set_engine(session: AsyncSession, engine_id: str, **values: Any) -> None:
    """Changes fields of an engine."""
    await session.execute(update(Engine).where(Engine.id == engine_id).values(**values))


async def end_engine(session: AsyncSession, clock: Clock, engine_id: str, error: PlatformError | None = None) -> None:
    """Records that an engine is gone, and why if it was not meant to go."""
    await set_engine(
        session,
        engine_id,
        state=EngineState.FAILED if error else EngineState.STOPPED,
        ended_at=clock.now(),
        error=error.message if error else None,
        technical_information=error.technical_information if error else None,
    )


async def live_engines(session: AsyncSession, owners: str = "") -> list[Engine]:
    """Engines that may have a container, oldest first; those of owners whose names begin so."""
    query = select(Engine).where(Engine.state.in_(LIVE)).order_by(Engine.created_at)
    if owners:
        query = query.where(Engine.owner.startswith(owners, autoescape=True))
    return list(await session.scalars(query))


async def load_version(session: AsyncSession, version_id: int) -> Version:
    """A version with what a plan needs."""
    query = select(Version).where(Version.id == version_id)
    return (await session.scalars(query.options(joinedload(Version.image), joinedload(Version.requirement)))).one()
