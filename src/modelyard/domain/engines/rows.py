"""Reads and writes the rows of engines."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select, update
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


async def end_engine(
    session: AsyncSession, clock: Clock, engine_id: str, error: PlatformError | None = None, *, printed: str = ""
) -> None:
    """Records that an engine is gone, and why if it was not meant to go.

    Args:
        printed: its last output, where somebody wants to read that later.
    """
    await set_engine(
        session,
        engine_id,
        state=EngineState.FAILED if error else EngineState.STOPPED,
        ended_at=clock.now(),
        error=error.message if error else None,
        technical_information=error.technical_information if error else printed or None,
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


async def count_live(session: AsyncSession, *, except_owner: str = "", before_owner: str = "") -> Counter[int]:
    """How many engines serve, or are about to, by version, in all processes.

    Args:
        except_owner: whose engines do not count.
        before_owner: count only those whose owners' names come before this one.
    """
    query = select(Engine.version_id, func.count()).where(
        Engine.purpose == Purpose.SERVE, Engine.state.in_((EngineState.STARTING, EngineState.READY))
    )
    if except_owner:
        query = query.where(Engine.owner != except_owner)
    if before_owner:
        query = query.where(Engine.owner < before_owner)
    return Counter({row[0]: row[1] for row in await session.execute(query.group_by(Engine.version_id))})


async def end_engines_of(session: AsyncSession, clock: Clock, owner: str) -> None:
    """Records that the engines of an owner are gone, as nobody is there any more who could use them."""
    await session.execute(
        update(Engine)
        .where(Engine.owner == owner, Engine.state.in_(LIVE))
        .values(state=EngineState.FAILED, ended_at=clock.now(), error="The server that ran this engine has died.")
    )


async def containers_of(session: AsyncSession, owner: str) -> list[str]:
    """The containers that engines of an owner had."""
    query = select(Engine.container).where(Engine.owner == owner, Engine.container.is_not(None))
    return [container for container in await session.scalars(query) if container]
