"""Routes for operators: health, readiness, metrics."""

from fastapi import APIRouter
from sqlalchemy import func, select, text
from starlette.requests import Request
from starlette.responses import Response

from modelyard.adapters.runtimes.base import RuntimeUnavailable
from modelyard.app import Platform
from modelyard.domain.jobs.status import OPEN_ITEMS
from modelyard.domain.jobs.tables import JobItem
from modelyard.entrypoints.rest.measures import Measures
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(tags=["operation"], route_class=GuardedRoute)


@router.get("/healthz", summary="The process answers")
async def read_health() -> Response:
    return Json({"status": "ok"})


@router.get("/readyz", summary="Database and container runtime are there")
async def read_readiness(platform: ThePlatform) -> Response:
    async with platform.database.read() as session:
        await session.execute(text("SELECT 1"))
    containers = await _containers(platform)
    return Json({"database": "ok", "containers": containers}, 200 if containers == "ok" else 503)


async def _containers(platform: Platform) -> str:
    if platform.containers is None:
        return "starting"
    try:
        await platform.containers.runtime.facts()
    except RuntimeUnavailable:
        return "away"
    return "ok"


@router.get("/metrics", summary="Measurements for Prometheus", response_class=Response)
async def read_metrics(request: Request, platform: ThePlatform, actor: Caller) -> Response:  # noqa: ARG001
    """Prometheus sends a key with `authorization: {type: ApiKey, credentials: <prefix>.<body>}`."""
    measures: Measures = request.app.state.measures
    async with platform.database.read() as session:
        query = select(func.count()).select_from(JobItem).where(JobItem.state.in_(OPEN_ITEMS))
        open_items = await session.scalar(query)
    body = measures.render(engines=len(platform.router.all_engines()), open_items=open_items or 0)
    return Response(body, media_type="text/plain; version=0.0.4")
