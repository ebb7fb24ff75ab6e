"""Routes of engines: what runs and what waits for every deployed version."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from modelyard.domain.engines.tables import Engine, EngineState
from modelyard.domain.jobs.occupancy import Occupancy, read_occupancy
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.wire import Json, time_text, without_none

router = APIRouter(prefix="/api/resources/processing", tags=["engines"], route_class=GuardedRoute)


@router.get("/engines", summary="How many engines each deployed version has")
async def count_engines(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json([_counts(entry) for entry in await read_occupancy(session, platform.clock, actor)])


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
        "running": entry.count(EngineState.READY),
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
        "situations": [engine.error for engine in failed[-1:] if engine.error],
        "modelDeploymentState": {
            "hasError": bool(failed),
            "ready": entry.count(EngineState.READY) > 0,
            "beingMonitored": False,
        },
    }


def _engine(engine: Engine) -> dict[str, Any]:
    is_ready = engine.state == EngineState.READY
    return without_none(
        {
            "name": engine.name,
            "createdAt": time_text(engine.created_at),
            "startedAt": time_text(engine.ready_at) if engine.ready_at else None,
            "ready": is_ready,
            "conditions": [{"type": "Ready", "status": "True" if is_ready else "False"}],
        }
    )
