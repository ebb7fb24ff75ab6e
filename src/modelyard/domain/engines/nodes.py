"""The machines that run engines: what they have, and what the limits of their engines take of it."""

import platform
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.runtimes.base import RuntimeFacts
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.core.logs import log
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.work.processes import ENGINES
from modelyard.domain.work.tables import Process

SECONDS_BETWEEN_NEWS = 2.0


@dataclass(frozen=True, slots=True)
class Node:
    """One machine. Processors in thousandths, memory in bytes; `asked` is the sum of the limits of its engines."""

    name: str
    created_at: datetime
    runtime: str
    architecture: str
    cpu_millis: int
    memory_bytes: int
    asked_cpu_millis: int
    asked_memory_bytes: int
    asked_gpus: int
    engines: int


def this_node(facts: RuntimeFacts, engines: Iterable[RunningEngine], *, since: datetime) -> Node:
    """The machine of this process's container runtime."""
    plans = [engine.plan for engine in engines]
    return Node(
        name=platform.node(),
        created_at=since,
        runtime=f"{facts.name} {facts.version}",
        architecture=facts.architecture,
        cpu_millis=facts.cpus * 1000,
        memory_bytes=facts.memory_bytes,
        asked_cpu_millis=sum(plan.cpu_millis for plan in plans),
        asked_memory_bytes=sum(plan.memory_bytes for plan in plans),
        asked_gpus=sum(plan.gpus for plan in plans),
        engines=len(plans),
    )


class NodeNews:
    """Writes down for the other processes what the machine of this one has, whenever that has changed.

    Args:
        read: the name of the process that runs engines, and its machine; None while there is none.
    """

    def __init__(
        self, database: Database, clock: Clock, read: Callable[[], Awaitable[tuple[str, Node] | None]]
    ) -> None:
        self._database = database
        self._clock = clock
        self._read = read
        self._told: tuple[str, Node] | None = None

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            try:
                await self.tell()
            except Unavailable as error:
                log.warning("others cannot be told what this machine has; next try follows", reason=error.message)
            await self._clock.sleep(SECONDS_BETWEEN_NEWS)

    async def tell(self) -> None:
        """Tells it once, if it is new. Raises Unavailable."""
        news = await self._read()
        if news is None or news == self._told:
            return
        process, node = news
        async with self._database.write(beside_others=True) as session:
            await session.execute(update(Process).where(Process.id == process).values(node=msgspec.to_builtins(node)))
        self._told = news


async def other_nodes(session: AsyncSession, *, except_process: str) -> list[Node]:
    """What the other processes that run engines have told of their machines."""
    told = select(Process.node).where(Process.kind == ENGINES, Process.id != except_process)
    return [msgspec.convert(node, Node) for node in await session.scalars(told) if node]


def by_machine(nodes: Iterable[Node]) -> list[Node]:
    """One node for each machine, by name: processes on the same machine have engines of their own there."""
    found: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        found[node.name].append(node)
    return [_together(found[name]) for name in sorted(found)]


def _together(nodes: list[Node]) -> Node:
    return replace(
        nodes[0],
        created_at=min(node.created_at for node in nodes),
        asked_cpu_millis=sum(node.asked_cpu_millis for node in nodes),
        asked_memory_bytes=sum(node.asked_memory_bytes for node in nodes),
        asked_gpus=sum(node.asked_gpus for node in nodes),
        engines=sum(node.engines for node in nodes),
    )
