"""Which machines run engines, as any process of an installation knows it."""

from dataclasses import replace

from modelyard.core.database import Database
from modelyard.domain.engines.nodes import Node, NodeNews, by_machine, other_nodes
from modelyard.domain.work.processes import ENGINES
from modelyard.domain.work.tables import Process
from tests.manual_clock import ManualClock


def node(clock: ManualClock, name: str, engines: int) -> Node:
    return Node(
        name=name,
        created_at=clock.now(),
        runtime="podman 4",
        architecture="amd64",
        cpu_millis=4000,
        memory_bytes=8,
        asked_cpu_millis=engines * 100,
        asked_memory_bytes=engines,
        asked_gpus=0,
        engines=engines,
    )


async def test_processes_tell_of_their_machines(database: Database, clock: ManualClock) -> None:
    async with database.write() as session:
        for process in ("a", "b", "silent"):
            session.add(Process(id=process, host=process, kind=ENGINES, beat=0, started_at=clock.now()))
    now = {"a": node(clock, "first", 1), "b": node(clock, "second", 2)}

    async def of_a() -> tuple[str, Node] | None:
        return "a", now["a"]

    async def of_b() -> tuple[str, Node] | None:
        return "b", now["b"]

    async def of_none() -> tuple[str, Node] | None:
        return None

    news = [NodeNews(database, clock, read) for read in (of_a, of_b, of_none)]
    for each in news:
        await each.tell()
    now["b"] = node(clock, "second", 0)
    await news[1].tell()

    async with database.read() as session:
        assert await other_nodes(session, except_process="a") == [now["b"]]
        assert len(await other_nodes(session, except_process="elsewhere")) == 2


def test_processes_on_one_machine_are_one_node(clock: ManualClock) -> None:
    one, two, far = node(clock, "near", 1), node(clock, "near", 2), node(clock, "far", 5)

    assert by_machine([one, two, far]) == [
        far,
        replace(one, asked_cpu_millis=300, asked_memory_bytes=3, engines=3),
    ]
