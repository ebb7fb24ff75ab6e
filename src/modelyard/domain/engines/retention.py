"""Forgets engines that ended long ago."""

from datetime import timedelta

from sqlalchemy import delete, select

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.engines.tables import LIVE, Engine

SECONDS_BETWEEN_LOOKS = 3600.0
ROWS_AT_ONCE = 1_000


class EngineRetention:
    """Deletes rows of engines that ended so many days ago; 0: never. What jobs say of them stays."""

    def __init__(self, database: Database, clock: Clock, days: int) -> None:
        self._database = database
        self._clock = clock
        self._days = days

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            while self._days and await self.forget_some() == ROWS_AT_ONCE:
                pass
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def forget_some(self) -> int:
        """Deletes some rows; returns how many."""
        limit = self._clock.now() - timedelta(days=self._days)
        query = select(Engine.id).where(Engine.state.not_in(LIVE), Engine.ended_at <= limit).limit(ROWS_AT_ONCE)
        async with self._database.read() as session:
            old = (await session.scalars(query)).all()
        if old:
            async with self._database.write() as session:
                await session.execute(delete(Engine).where(Engine.id.in_(old)))
        return len(old)
