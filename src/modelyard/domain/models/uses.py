"""When models were used last: noted in memory at every job, written now and then."""

from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.models.tables import Model

SECONDS_BETWEEN_WRITES = 10.0
MOST_NOTED = 50_000


class ModelUses:
    """Costs a job nothing but an entry in a dictionary."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._uses: dict[str, datetime] = {}

    def note(self, model_id: str) -> None:
        """A job was submitted to a model now."""
        if len(self._uses) < MOST_NOTED:
            self._uses[model_id] = self._clock.now()

    async def write(self) -> None:
        """Writes what was noted since the last time; when that fails, it is still noted."""
        if not (uses := dict(self._uses)):
            return
        async with self._database.write() as session:
            await _set_times(session, uses)
        self._uses = {name: time for name, time in self._uses.items() if uses.get(name) != time}

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            await self._clock.sleep(SECONDS_BETWEEN_WRITES)
            await self.write()


async def _set_times(session: AsyncSession, uses: dict[str, datetime]) -> None:
    models = Model.__table__
    statement = update(models).where(models.c.id == bindparam("which"))  # type: ignore[arg-type]
    connection = await session.connection()
    await connection.execute(
        statement.values(last_active_at=bindparam("used_at")),
        [{"which": name, "used_at": time} for name, time in uses.items()],
    )
