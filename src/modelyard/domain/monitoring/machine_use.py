"""Writes down again and again what machines have, and what their engines take of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.runtimes.base import ResourceUse
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.core.upserts import insert_into
from modelyard.domain.engines.nodes import Node
from modelyard.domain.monitoring.tables import EngineUse, MachineUse

ENGINE_DAYS = 2
"""Samples of single engines are kept for so long at most: there may be many engines."""
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Reading:
    """A machine, and what each of its engines has used up to now, by identifier."""

    node: Node
    engines: Mapping[str, ResourceUse]


ReadMachine = Callable[[], Awaitable[Reading | None]]
"""None while there is no container runtime. Raises Unavailable."""


class UseRecorder:
    """Takes samples, and deletes old ones.

    Args:
        seconds: between two samples.
        days: for how long samples are kept.
    """

    def __init__(self, database: Database, clock: Clock, read: ReadMachine, *, seconds: int, days: int) -> None:
        self._database = database
        self._clock = clock
        self._read = read
        self._seconds = seconds
        self._days = days
        self._before: tuple[datetime, Reading] | None = None

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            await self.sample()
            while await self.forget_some() == ROWS_AT_ONCE:
                pass
            await self._clock.sleep(self._seconds)

    async def sample(self) -> None:
        """Takes one sample; the first reading only begins a span, as processor time is known over spans alone."""
        try:
            reading = await self._read()
        except Unavailable:
            reading = None
        now, before = self._clock.now(), self._before
        self._before = (now, reading) if reading else None
        if reading is None or before is None or now <= before[0]:
            return
        used = cpu_used(before[1], reading, (now - before[0]).total_seconds())
        at = int(now.timestamp()) // self._seconds * self._seconds
        async with self._database.write() as session:
            await _store(session, at, reading, used)

    async def forget_some(self) -> int:
        """Deletes some samples that are too old; returns how many."""
        now = self._clock.now()
        limits = ((MachineUse, self._days), (EngineUse, min(self._days, ENGINE_DAYS)))
        return max([await self._forget(table, now - timedelta(days=days)) for table, days in limits])

    async def _forget(self, table: Any, limit: datetime) -> int:
        old = select(table.at).where(table.at < int(limit.timestamp())).order_by(table.at).limit(ROWS_AT_ONCE)
        async with self._database.read() as session:
            times = (await session.scalars(old)).all()
        if times:
            async with self._database.write() as session:
                await session.execute(delete(table).where(table.at <= times[-1]))
        return len(times)


def cpu_used(before: Reading, after: Reading, seconds: float) -> dict[str, int]:
    """Thousandths of a processor that each engine took between two readings; a new one began in between."""
    used = {}
    for engine, use in after.engines.items():
        earlier = before.engines.get(engine)
        spent = use.cpu_seconds - (earlier.cpu_seconds if earlier else 0.0)
        used[engine] = max(0, round(spent / seconds * 1000))
    return used


async def _store(session: AsyncSession, at: int, reading: Reading, used: Mapping[str, int]) -> None:
    node = reading.node
    taken = {
        "cpu_requested": node.asked_cpu_millis,
        "cpu_used": sum(used.values()),
        "memory_requested": node.asked_memory_bytes,
        "memory_used": sum(use.memory_bytes for use in reading.engines.values()),
    }
    adding = insert_into(session, MachineUse).values(
        at=at, node=node.name[:255], cpu_available=node.cpu_millis, memory_available=node.memory_bytes, **taken
    )
    # Another process on the same machine has engines of its own there.
    more = {name: getattr(MachineUse, name) + adding.excluded[name] for name in taken}
    await session.execute(adding.on_conflict_do_update(index_elements=["at", "node"], set_=more))
    rows = [
        {"engine_id": engine, "at": at, "cpu_used": used[engine], "memory_used": use.memory_bytes}
        for engine, use in reading.engines.items()
    ]
    if rows:
        connection = await session.connection()
        await connection.execute(insert_into(session, EngineUse).on_conflict_do_nothing(), rows)
