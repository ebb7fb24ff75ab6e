"""The machines that run engines: what they have, and what the limits of their engines take of it."""

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from modelyard.adapters.runtimes.base import RuntimeFacts
from modelyard.domain.engines.launch import RunningEngine


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
