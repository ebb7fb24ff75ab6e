"""Finds one engine for somebody who asks after its output."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import Conflict, NotFound
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.engines.tables import LIVE, Engine, EngineState, Purpose
from modelyard.domain.models.tables import Model, Version
from modelyard.domain.models.visibility import may_change


class EngineNotFound(NotFound):
    """There is no such engine, or the caller may not see what it prints."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no engine {name[:100]!r} whose output you may see.")


class EngineGone(Conflict):
    """The engine has ended, and its output with it."""

    def __init__(self, engine: Engine) -> None:
        reason = f" Why it ended: {engine.error}" if engine.error else ""
        super().__init__(f"The engine {engine.name} has ended; its output is gone.{reason}")


@dataclass(frozen=True, slots=True)
class FoundEngine:
    """An engine, and what it runs."""

    engine: Engine
    version: Version
    model: Model


async def find_engine(session: AsyncSession, actor: Actor, name: str) -> Engine:
    """A live engine by its name, for those who see the engines of its model's team. Raises EngineNotFound, EngineGone.

    What a model prints may tell of what others sent to it, so that seeing the model is not enough.
    """
    engine = (await find_any_engine(session, actor, name)).engine
    if engine.state not in LIVE or not engine.container:
        raise EngineGone(engine)
    return engine


async def list_ended(session: AsyncSession, version_id: int, most: int) -> list[Engine]:
    """The engines of a version, which was found for who asks, that served jobs and have ended; the last ones first."""
    ended = Engine.state.in_((EngineState.STOPPED, EngineState.FAILED))
    query = select(Engine).where(Engine.version_id == version_id, ended, Engine.purpose == Purpose.SERVE)
    return list(await session.scalars(query.order_by(Engine.ended_at.desc(), Engine.id).limit(most)))


async def find_any_engine(session: AsyncSession, actor: Actor, name: str) -> FoundEngine:
    """The same for engines that have ended, too. Raises EngineNotFound."""
    require(actor, Permission.READ_ENGINES)
    query = select(Engine, Version, Model).join(Version, Version.id == Engine.version_id)
    query = query.join(Model, Model.id == Version.model_id).where(Engine.name == name)
    found = (await session.execute(query)).one_or_none()
    if found is None or not may_change(actor, found.Model, Permission.READ_ENGINES):
        raise EngineNotFound(name)
    return FoundEngine(found.Engine, found.Version, found.Model)
