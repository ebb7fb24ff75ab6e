"""One level under load: how many are under way at once, and when it ends."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from modelyard.adapters.container_protocols.base import ItemOutcome, ModelFacts, NotReachable
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.engines.plan import EnginePlan
from modelyard.domain.inference.request import InferenceOptions
from modelyard.domain.version_tests.load_plan import ITEMS_PER_LEVEL, plan_level
from modelyard.domain.version_tests.load_run import LoadRun

PLAN = EnginePlan(1, "m", "0.1.0", "sha256:a", "amd64", (8080,), 10**9, 1000, 0, 1.0)
OPTIONS = InferenceOptions(outputs=(), run_timeout=5.0)


class CountingProgram:
    """Counts how many calls are under way."""

    def __init__(self, dies_at: int = 0) -> None:
        self.calls = self.under_way = self.most = 0
        self._dies_at = dies_at

    async def run(self, items: list[Any], **options: Any) -> list[ItemOutcome]:
        self.calls += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        if self._dies_at and self.calls >= self._dies_at:
            raise NotReachable("gone")
        return [ItemOutcome({"out": b"x"}) for _ in items]


def engine(program: CountingProgram, protocol: str, batch_size: int) -> RunningEngine:
    connection = cast(Any, program)
    facts = ModelFacts(batch_size=batch_size)
    return RunningEngine("e", "e", "c", protocol, 8080, connection, facts, PLAN, Path("/nowhere"))


@pytest.mark.parametrize(
    ("protocol", "batch_size", "at_once", "under_way", "calls"),
    [
        ("http-v1", 1, 16, 1, 100),
        ("grpc-v2", 1, 4, 4, 100),
        ("grpc-v2", 8, 16, 2, 13),
    ],
)
async def test_so_many_at_once(protocol: str, batch_size: int, at_once: int, under_way: int, calls: int) -> None:
    program = CountingProgram()
    plan = plan_level(at_once, protocol=protocol, batch_size=batch_size)
    run = LoadRun(engine(program, protocol, batch_size), plan, {"in": b"x"}, OPTIONS)
    await run.run(least_seconds=0, most_seconds=60)

    assert (program.most, program.under_way) == (under_way, 0)
    assert calls <= program.calls <= calls + plan.callers
    assert run.level().items >= ITEMS_PER_LEVEL
    assert run.level().is_complete


async def test_after_the_most_time_nothing_new_begins() -> None:
    program = CountingProgram()
    run = LoadRun(engine(program, "grpc-v2", 1), plan_level(4, protocol="grpc-v2", batch_size=1), {}, OPTIONS)
    await run.run(least_seconds=0, most_seconds=0)

    assert program.calls == 0
    assert run.level().latency_p99_ms is None


async def test_whoever_dies_ends_it_with_what_was_counted() -> None:
    program = CountingProgram(dies_at=10)
    run = LoadRun(engine(program, "grpc-v2", 1), plan_level(1, protocol="grpc-v2", batch_size=1), {}, OPTIONS)
    with pytest.raises(NotReachable):
        await run.run(least_seconds=0, most_seconds=60)

    assert (run.level().items, run.level().is_complete) == (9, False)
