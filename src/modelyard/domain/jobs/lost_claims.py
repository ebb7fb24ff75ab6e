"""Finds items that are said to run and do not, and queues them again.

A database that comes back after a crash or a failover may have forgotten its last commits. When it forgot outcomes, it
says that items run of which their pump knows that they are done.
"""

from collections.abc import Callable

from sqlalchemy import select

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.core.logs import log
from modelyard.domain.jobs.claims import find_claim, give_back_items
from modelyard.domain.jobs.status import ItemState
from modelyard.domain.jobs.tables import JobItem

SECONDS_BETWEEN_LOOKS = 10.0


class LostClaims:
    """Compares what one process has claimed with what its pumps hold.

    Args:
        owner: under which name the process claims.
        held: the tokens of all claims that its pumps work on, are about to make or have yet to store.
    """

    def __init__(self, database: Database, clock: Clock, owner: str, held: Callable[[], set[str]]) -> None:
        self._database = database
        self._clock = clock
        self._owner = owner
        self._held = held
        self._suspects: set[str] = set()
        """Held by nobody at the last look: they may just have been stored."""

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)
            try:
                await self.release()
            except Unavailable as error:
                log.warning("claims could not be compared; next try follows", reason=error.message)

    async def release(self) -> int:
        """Queues again what nobody holds at two looks in a row; returns how many items."""
        claims = select(JobItem.claim).where(JobItem.state == ItemState.RUNNING, JobItem.owner == self._owner)
        async with self._database.read() as session:
            stored = {token for token in await session.scalars(claims.distinct()) if token}
        unheld = stored - self._held()
        lost, self._suspects = unheld & self._suspects, unheld - self._suspects
        items = 0
        for token in sorted(lost):
            async with self._database.write(beside_others=True) as session:
                if claim := await find_claim(session, token):
                    await give_back_items(session, claim, claim.items)
                    items += len(claim.items)
        if items:
            log.warning("the database forgot that items were done; they run again", items=items)
        return items
