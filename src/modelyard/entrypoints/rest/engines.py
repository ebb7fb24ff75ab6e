"""Routes of engines: what runs and what waits for every deployed version, what engines print, and where they run."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from modelyard.domain.engines.lookup import find_engine
from modelyard.domain.engines.nodes import Node
from modelyard.domain.engines.tables import Engine, EngineState
from modelyard.domain.jobs.occupancy import Occupancy, read_occupancy
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, read_flag, read_number
from modelyard.entrypoints.rest.wire import Json, time_text, without_none

MOST_LOG_LINES = 1000

router = APIRouter(prefix="/api/resources/processing", tags=["engines"], route_class=GuardedRoute)


@router.get("/engines", summary="How many engines each deployed version has")
async def count_engines(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json([_counts(entry) for entry in await read_occupancy(session, platform.clock, actor)])


@router.get("/engines/{engine}/logs", summary="What an engine prints")
async def read_engine_log(engine: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Query: `lines` (from the end, at most 1,000), and `follow=true` for what comes until the engine ends."""
    lines, follow = read_number(request, "lines", 100, most=MOST_LOG_LINES), read_flag(request, "follow")
    async with platform.database.read() as session:
        found = await find_engine(session, actor, engine)
    printed = platform.read_log(found, lines=lines, follow=bool(follow))
    first = await anext(printed, "")  # so that an error still has a status of its own

    async def text() -> AsyncIterator[str]:
        yield first
        async for piece in printed:
            yield piece

    return StreamingResponse(text(), media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


@router.get("/nodes", summary="The machines that run engines")
async def list_nodes(platform: ThePlatform, actor: Caller) -> Response:  # noqa: ARG001 - any key may read
    return Json([_node(node) for node in await platform.read_nodes()])


@router.get("/models", summary="The engines of each deployed version, and what waits for them")
async def list_engines(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json([_details(entry) for entry in await read_occupancy(session, platform.clock, actor)])


def _counts(entry: Occupancy) -> dict[str, Any]:
    without_container = sum(engine.state == EngineState.STARTING and not engine.container for engine in entry.engines)
    return {
        "identifier": entry.version.model_id,
        "version": entry.version.version,
        "failed": entry.count(EngineState.FAILED),
        "queued": without_container,
        "spinningUp": entry.count(EngineState.STARTING) - without_container,
        "spinningDown": entry.count(EngineState.STOPPING),
        "running": entry.count(EngineState.READY) + entry.count(EngineState.PAUSED),
        "ready": entry.count(EngineState.READY),
    }


def _details(entry: Occupancy) -> dict[str, Any]:
    failed = [engine for engine in entry.engines if engine.state == EngineState.FAILED]
    return {
        "identifier": entry.version.model_id,
        "version": entry.version.version,
        "deployedAt": time_text(entry.version.updated_at),
        "engines": [_engine(engine) for engine in entry.engines if engine.state != EngineState.FAILED],
        "inputs": {"queued": entry.waiting_items},
        "jobs": {"queued": entry.waiting_jobs},
        "situations": _situations(entry, failed),
        "modelDeploymentState": {
            "hasError": bool(failed) or (entry.situation is not None and entry.situation.is_quarantine),
            "ready": entry.count(EngineState.READY) > 0,
            "beingMonitored": False,
        },
    }


def _situations(entry: Occupancy, failed: list[Engine]) -> list[str]:
    now = [entry.situation.reason] if entry.situation else []
    return [*now, *(engine.error for engine in failed[-1:] if engine.error)]


def _engine(engine: Engine) -> dict[str, Any]:
    is_ready = engine.state == EngineState.READY
    return without_none(
        {
            "name": engine.name,
            "createdAt": time_text(engine.created_at),
            "startedAt": time_text(engine.ready_at) if engine.ready_at else None,
            "ready": is_ready,
            "conditions": [
                {"type": "Ready", "status": "True" if is_ready else "False"},
                {"type": "Paused", "status": "True" if engine.state == EngineState.PAUSED else "False"},
            ],
        }
    )


def _node(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "creationTimestamp": time_text(node.created_at),
        "runtime": node.runtime,
        "architecture": node.architecture,
        "capacity": {"cpuAmount": f"{node.cpu_millis}m", "memoryBytes": node.memory_bytes},
        "requested": {
            "cpuAmount": f"{node.asked_cpu_millis}m",
            "memoryBytes": node.asked_memory_bytes,
            "gpuUnits": node.asked_gpus,
        },
        "engines": node.engines,
    }
