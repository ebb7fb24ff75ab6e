"""Removes audit events that have been kept long enough, and leaves word of it in the trail."""

from datetime import timedelta
from itertools import takewhile

from sqlalchemy import delete, select, update

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.audit.record import PLATFORM, record
from modelyard.domain.audit.tables import AuditChain, AuditEvent

EXPIRED = "audit:expired"
SECONDS_BETWEEN_LOOKS = 86_400.0
SECONDS_BETWEEN_BATCHES = 0.1
"""Others want to write as well."""
ROWS_AT_ONCE = 1000


class AuditRetention:
    """Looks after the beginning of the trail. Days: how long events are kept; 0: for ever."""

    def __init__(self, database: Database, clock: Clock, days: int) -> None:
        self._database = database
        self._clock = clock
        self._days = days

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            while self._days and await self.remove_some():
                await self._clock.sleep(SECONDS_BETWEEN_BATCHES)
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def remove_some(self) -> int:
        """Removes the oldest events as far as they are old enough, and says how many; others may have to follow.

        They go in the order of the chain: an old event behind a younger one waits for that one.
        """
        limit = self._clock.now() - timedelta(days=self._days)
        async with self._database.write() as session:
            head = (await session.scalars(select(AuditChain).with_for_update())).one_or_none()
            if head is None:
                return 0
            oldest = await session.execute(
                select(AuditEvent.id, AuditEvent.hash, AuditEvent.at)
                .where(AuditEvent.id > head.anchor_id)
                .order_by(AuditEvent.id)
                .limit(ROWS_AT_ONCE)
            )
            expired = list(takewhile(lambda row: row.at < limit, oldest))
            if not expired:
                return 0
            last = expired[-1]
            await session.execute(delete(AuditEvent).where(AuditEvent.id <= last.id))
            await session.execute(update(AuditChain).values(anchor_id=last.id, anchor_hash=last.hash))
            details = {"events": len(expired), "through": last.id, "hash": last.hash, "days": self._days}
            record(session, self._clock, PLATFORM, EXPIRED, "audit", **details)
        return len(expired)
