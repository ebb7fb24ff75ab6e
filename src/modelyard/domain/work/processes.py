"""Which processes of the platform live: each lets a number grow, and sees whether those of the others do.

No clocks are compared, so one that is wrong or jumps harms nobody. A process that stood still for too long finds that
the others have given its work away; it lets go of everything and begins anew.
"""

import platform
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Conflict, Unavailable
from modelyard.core.logs import log
from modelyard.domain.work.tables import Process

SECONDS_BETWEEN_BEATS = 1.0
SECONDS_UNTIL_DEAD = 8.0

ENGINES = "engines"
"""The kind of processes that run engines."""

OnDeath = Callable[[AsyncSession, str], Awaitable[None]]
CleanUp = Callable[[str], Awaitable[None]]


class DeclaredDead(Conflict):
    """The others have given the work of this process away."""

    def __init__(self) -> None:
        super().__init__("This process stood still for so long that others took over its work; it begins anew.")


@dataclass(slots=True)
class _Seen:
    beat: int
    since: float


class ProcessWatch:
    """Keeps one process known as alive, and takes over from those that are not.

    Args:
        process: under which name it holds what it works on; what it claims begins with this name.
        on_death: gives away what a dead process held, in the transaction that declares it dead.
        clean_up: removes what the dead left behind outside of the database; called afterwards.
        seconds_until_dead: for so long a living process may stand still.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        process: str,
        kind: str,
        on_death: OnDeath,
        clean_up: CleanUp,
        seconds_between_beats: float = SECONDS_BETWEEN_BEATS,
        seconds_until_dead: float = SECONDS_UNTIL_DEAD,
    ) -> None:
        self._database = database
        self._clock = clock
        self._process = process
        self._kind = kind
        self._on_death = on_death
        self._clean_up = clean_up
        self._pause = seconds_between_beats
        self._seconds_until_dead = seconds_until_dead
        self._others: dict[str, _Seen] = {}

    async def join(self) -> None:
        """Makes the process known; to be done before it claims anything."""
        async with self._database.write() as session:
            session.add(
                Process(
                    id=self._process,
                    host=platform.node()[:255],
                    kind=self._kind,
                    beat=0,
                    started_at=self._clock.now(),
                )
            )

    async def run(self) -> None:
        """Goes on until cancelled. Raises DeclaredDead."""
        last_look = time.monotonic()
        while True:
            try:
                await self._beat()
                if time.monotonic() - last_look > self._seconds_until_dead / 2:
                    self._others.clear()  # it was this process that stood still, or its database
                last_look = time.monotonic()
                for dead in await self._look():
                    await self._bury(dead)
            except Unavailable as error:
                log.warning("this process cannot show that it lives; trying again", reason=error.message)
            await self._clock.sleep(self._pause)

    async def leave(self) -> None:
        """Says that the process ends, and holds nothing any more."""
        async with self._database.write() as session:
            await session.execute(delete(Process).where(Process.id == self._process))

    async def _beat(self) -> None:
        async with self._database.write(beside_others=True) as session:
            alive = await session.execute(
                update(Process).where(Process.id == self._process).values(beat=Process.beat + 1).returning(Process.beat)
            )
            if alive.one_or_none() is None:
                raise DeclaredDead

    async def _look(self) -> list[Process]:
        """Processes whose number did not grow for too long."""
        now = time.monotonic()
        async with self._database.read() as session:
            rows = list(await session.scalars(select(Process).where(Process.id != self._process)))
        seen, self._others = self._others, {}
        for row in rows:
            before = seen.get(row.id)
            self._others[row.id] = before if before and before.beat == row.beat else _Seen(row.beat, now)
        return [row for row in rows if now - self._others[row.id].since > self._seconds_until_dead]

    async def _bury(self, dead: Process) -> None:
        async with self._database.write() as session:
            gone = await session.execute(
                delete(Process).where(Process.id == dead.id, Process.beat == dead.beat).returning(Process.id)
            )
            if gone.one_or_none() is None:
                return  # it lives, or somebody else was quicker
            await self._on_death(session, dead.id)
        log.warning("a process of the platform is dead; its work is taken over", process=dead.id, host=dead.host)
        await self._clean_up(dead.id)


async def count_processes(session: AsyncSession, kind: str) -> int:
    """How many processes of a kind are known as alive."""
    return await session.scalar(select(func.count()).select_from(Process).where(Process.kind == kind)) or 0
