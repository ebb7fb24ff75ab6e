"""Engines as the API shows them: what runs, what is in the way, what they print, and where they run."""

from pathlib import Path
from typing import Any

from sqlalchemy import update

from modelyard.app import Platform
from modelyard.domain.engines.tables import Engine, Situation
from tests.asgi import AsgiClient
from tests.entrypoints.rest.steps import Walk, add_engine, archive, expect, expect_error, until
from tests.machine import Machine


def _names(listed: Any, model_id: str) -> list[str]:
    rows = [row for row in listed if row["identifier"] == model_id]
    return [engine["name"] for row in rows for engine in row["engines"] if engine["ready"]]


async def test_what_an_engine_prints(alice: AsgiClient, charlie: AsgiClient, walk: Walk, tmp_path: Path) -> None:
    model_id = await walk.deployed(archive(tmp_path))
    engines = {"minimumParallelCapacity": 1, "maximumParallelCapacity": 1}
    expect(await alice.call("PATCH", f"/api/models/{model_id}/versions/0.1.0/processing", engines))
    listed = await until(alice, "/api/resources/processing/models", lambda rows: bool(_names(rows, model_id)))
    [engine] = _names(listed, model_id)
    path = f"/api/resources/processing/engines/{engine}/logs"
    printed = await alice.call("GET", f"{path}?lines=5")

    assert printed.status == 200
    assert printed.headers["content-type"] == "text/plain; charset=utf-8"
    assert "the program has started" in printed.body.decode()
    expect_error(await charlie.call("GET", path), 404, "no engine")
    expect_error(await alice.call("GET", f"{path}?lines=0"), 400, "lines", "1 to 1000")


async def test_engines_that_are_elsewhere_or_gone(alice: AsgiClient, platform: Platform, walk: Walk) -> None:
    await walk.active()
    await add_engine(platform.database, "model-batch-far")
    path = "/api/resources/processing/engines/model-batch-far/logs"
    expect_error(await alice.call("GET", path), 409, "server or worker that runs it is away")
    async with platform.database.write() as session:
        await session.execute(
            update(Engine).where(Engine.name == "model-batch-far").values(state="failed", error="It ran out of memory.")
        )
    expect_error(await alice.call("GET", path), 409, "has ended", "out of memory")


async def test_the_machine(alice: AsgiClient, machine: Machine) -> None:
    [node] = await until(alice, "/api/resources/processing/nodes", bool)  # the platform finds its runtime meanwhile
    facts = await machine.runtime.facts()

    assert node["capacity"] == {"cpuAmount": f"{facts.cpus}000m", "memoryBytes": facts.memory_bytes}
    assert node["engines"] >= 0


async def test_what_a_job_waits_for(alice: AsgiClient, platform: Platform, walk: Walk) -> None:
    model_id = await walk.active()
    job = await walk.submitted(model_id)
    waiting = await until(alice, f"/api/jobs/{job}", lambda state: "waitingFor" in state)
    assert "engine" in waiting["waitingFor"]
    async with platform.database.write() as session:
        await session.execute(update(Situation).values(is_quarantine=True, reason="its engines died 6 times"))
    (row,) = [
        row
        for row in expect(await alice.call("GET", "/api/resources/processing/models"))
        if row["identifier"] == model_id
    ]
    assert row["situations"][0]
    assert row["modelDeploymentState"]["ready"] is False
