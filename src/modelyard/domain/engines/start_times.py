"""How long engines took to start: what somebody can expect who waits for one."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import milliseconds_between
from modelyard.domain.engines.tables import Engine, Purpose


async def last_start_ms(session: AsyncSession, version_id: int) -> int | None:
    """Of the engine of a version that became ready last, from its wish to be ready; None when none has yet."""
    query = select(Engine).where(
        Engine.version_id == version_id, Engine.purpose == Purpose.SERVE, Engine.ready_at.is_not(None)
    )
    return _start_ms((await session.scalars(query.order_by(Engine.ready_at.desc()).limit(1))).first())


async def start_ms_after(session: AsyncSession, engine: str, since: datetime) -> int | None:
    """Of an engine by its name; None when it is not known any more, or was ready before that time."""
    query = select(Engine).where(Engine.name == engine, Engine.ready_at > since)
    return _start_ms((await session.scalars(query)).first())


def _start_ms(engine: Engine | None) -> int | None:
    if engine is None or engine.ready_at is None:
        return None
    return milliseconds_between(engine.created_at, engine.ready_at)
