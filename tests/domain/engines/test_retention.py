"""Engines that ended are forgotten in time; those that live never."""

from datetime import timedelta

from sqlalchemy import select, update

from modelyard.core.database import Database
from modelyard.domain.engines.retention import EngineRetention
from modelyard.domain.engines.tables import Engine, EngineState
from tests.cast import CAST
from tests.entrypoints.rest.steps import add_engine
from tests.library import add_active
from tests.manual_clock import ManualClock


async def test_ended_engines_are_forgotten(database: Database, clock: ManualClock) -> None:
    await add_active(database, CAST.alice)
    ended = {"old": clock.now(), "young": clock.now() + timedelta(days=1)}
    for name in ("old", "young", "ready"):
        await add_engine(database, name)
    async with database.write() as session:
        for name, at in ended.items():
            values = {"state": EngineState.STOPPED, "ended_at": at}
            await session.execute(update(Engine).where(Engine.name == name).values(values))
    await clock.advance(30 * 86_400)
    retention = EngineRetention(database, clock, 30)
    assert [await retention.forget_some() for _ in range(2)] == [1, 0]
    async with database.read() as session:
        assert set(await session.scalars(select(Engine.name))) == {"young", "ready"}
