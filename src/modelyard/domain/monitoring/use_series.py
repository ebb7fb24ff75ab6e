"""How much processor and memory was there, asked for and used over a period: at most so many points of a line."""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotFound
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.monitoring.tables import EngineUse, MachineUse

MOST_POINTS = 300
_COLUMNS = ("cpu_available", "cpu_requested", "cpu_used", "memory_available", "memory_requested", "memory_used")


class SeriesName(StrEnum):
    """What can be asked for, in the words that clients know."""

    CPU_REQUESTED = "cpu-requested"
    CPU_AVAILABLE = "cpu-available"
    CPU_USED = "cpu-used"
    MEMORY_REQUESTED = "memory-requested"
    MEMORY_AVAILABLE = "memory-available"
    MEMORY_USED = "memory-used"
    CPU_OVERALL_USAGE = "cpu-overall-usage"
    MEMORY_OVERALL_USAGE = "memory-overall-usage"
    CPU_CURRENT_USAGE = "cpu-current-usage"


class SeriesUnknown(NotFound):
    """There is no such series."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no series {name[:60]!r}; there are {', '.join(SeriesName)}.")


@dataclass(frozen=True, slots=True)
class UsePoint:
    """The mean over a short span that begins at `at` (seconds since 1970). Cores, and bytes."""

    at: int
    cpu_available: float
    cpu_requested: float
    cpu_used: float
    memory_available: float
    memory_requested: float
    memory_used: float


@dataclass(frozen=True, slots=True)
class EnginePoint:
    """The same of one engine."""

    at: int
    cpu_used: float
    memory_used: float


def series_name(name: str) -> SeriesName:
    """Raises SeriesUnknown."""
    try:
        return SeriesName(name.lower())
    except ValueError:
        raise SeriesUnknown(name) from None


async def read_machine_series(
    session: AsyncSession, actor: Actor, start: datetime, stop: datetime, *, most: int = MOST_POINTS
) -> list[UsePoint]:
    """All machines together, from `start` until before `stop`, oldest first. None of a span without samples."""
    require(actor, Permission.READ_ENGINES)
    step = _step(start, stop, most)
    span = MachineUse.at // step
    means = [func.avg(getattr(MachineUse, name)) for name in _COLUMNS]
    query = select(span, MachineUse.node, *means).where(*_between(MachineUse.at, start, stop))
    sums: defaultdict[int, list[float]] = defaultdict(lambda: [0.0] * len(_COLUMNS))
    for number, _, *values in await session.execute(query.group_by(span, MachineUse.node)):
        sums[number] = [total + float(value) for total, value in zip(sums[number], values, strict=True)]
    return [_point(number * step, values) for number, values in sorted(sums.items())]


async def read_last_point(session: AsyncSession, actor: Actor) -> UsePoint | None:
    """The newest sample of all machines together; None without any."""
    require(actor, Permission.READ_ENGINES)
    newest = select(func.max(MachineUse.at)).scalar_subquery()
    sums = [func.sum(getattr(MachineUse, name)) for name in _COLUMNS]
    query = select(MachineUse.at, *sums).where(MachineUse.at == newest).group_by(MachineUse.at)
    row = (await session.execute(query)).one_or_none()
    return _point(row[0], [float(value) for value in row[1:]]) if row else None


async def read_engine_series(
    session: AsyncSession, engine_id: str, start: datetime, stop: datetime, *, most: int = MOST_POINTS
) -> list[EnginePoint]:
    """One engine that the caller has found for the actor, oldest first."""
    step = _step(start, stop, most)
    span = EngineUse.at // step
    means = (func.avg(EngineUse.cpu_used), func.avg(EngineUse.memory_used))
    query = select(span, *means).where(EngineUse.engine_id == engine_id, *_between(EngineUse.at, start, stop))
    rows = await session.execute(query.group_by(span).order_by(span))
    return [EnginePoint(number * step, float(cpu) / 1000, float(memory)) for number, cpu, memory in rows]


def value_of(point: UsePoint, name: SeriesName) -> float:
    """Cores, bytes, or percent of what is available."""
    match name:
        case SeriesName.CPU_OVERALL_USAGE | SeriesName.CPU_CURRENT_USAGE:
            return percent_of(point.cpu_used, point.cpu_available)
        case SeriesName.MEMORY_OVERALL_USAGE:
            return percent_of(point.memory_used, point.memory_available)
        case _:
            return float(getattr(point, name.name.lower()))


def percent_of(part: float, whole: float) -> float:
    """0 of nothing."""
    return part * 100 / whole if whole else 0.0


def _point(at: int, values: list[float]) -> UsePoint:
    return UsePoint(at, *(value / 1000 for value in values[:3]), *values[3:])


def _step(start: datetime, stop: datetime, most: int) -> int:
    return max(1, math.ceil((stop - start).total_seconds() / most))


def _between(column: Any, start: datetime, stop: datetime) -> tuple[Any, ...]:
    return column >= int(start.timestamp()), column < int(stop.timestamp())
