"""Regular upkeep of accounts: writes when keys were used, removes sessions and links that are over."""

from datetime import timedelta

from sqlalchemy import delete

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.accounts.last_use import LastUse
from modelyard.domain.accounts.sessions import forget_expired
from modelyard.domain.accounts.tables import OneTimeLink

SECONDS_BETWEEN_WRITES = 10.0
WRITES_BETWEEN_CLEANINGS = 60


class AccountUpkeep:
    """Looks after what nobody asks for any more."""

    def __init__(self, database: Database, clock: Clock, last_use: LastUse, *, idle: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._last_use = last_use
        self._idle = idle

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            await self.clean()
            for _ in range(WRITES_BETWEEN_CLEANINGS):
                await self._clock.sleep(SECONDS_BETWEEN_WRITES)
                await self._last_use.write()

    async def clean(self) -> None:
        """Removes what is over."""
        async with self._database.write() as session:
            await forget_expired(session, self._clock, self._idle)
            await session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at <= self._clock.now()))
