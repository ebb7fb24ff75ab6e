"""Routes of dashboards: how much was done by whom with what, how busy the machines are, and what asks for attention."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.domain.monitoring import alerts, usage, use_series
from modelyard.domain.monitoring.periods import Period
from modelyard.domain.monitoring.usage import Measured, UseFilter, Uses
from modelyard.domain.monitoring.use_series import SeriesName, UsePoint
from modelyard.entrypoints.rest.periods import read_period, read_use_filter
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api", tags=["dashboard"], route_class=GuardedRoute)


@router.get("/metrics/data-processed", summary="Bytes of inputs, by day")
async def read_data_processed(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    uses = await _read_uses(request, platform, actor)
    return Json({"dataProcessed": _change(uses.input_bytes), "recent": _days(uses.input_bytes)})


@router.get("/metrics/predictions-made", summary="Items with a result, by day")
async def read_predictions_made(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    uses = await _read_uses(request, platform, actor)
    return Json({"predictionsMade": _change(uses.predictions), "recent": _days(uses.predictions)})


@router.get("/metrics/active-users", summary="Who used models for the longest time")
async def rank_users(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """At most 100. `elapsedTime`: milliseconds for which models worked."""
    asked = _read_question(request, platform)
    async with platform.database.read() as session:
        ranked = await usage.rank_users(session, actor, *asked)
    return Json(
        [
            {
                "ranking": number,
                "userIdentifier": rank.user_id,
                "modelIdentifier": rank.user_id,  # where an existing client looks for it
                "firstName": rank.first_name,
                "lastName": rank.last_name,
                "email": rank.email,
                "elapsedTime": rank.elapsed_ms,
                "jobs": rank.jobs,
            }
            for number, rank in enumerate(ranked, start=1)
        ]
    )


@router.get("/metrics/active-models", summary="Which versions worked for the longest time")
async def rank_models(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """At most 100. `elapsedTime`: milliseconds for which they worked."""
    asked = _read_question(request, platform)
    async with platform.database.read() as session:
        ranked = await usage.rank_models(session, actor, *asked)
    return Json(
        [
            {
                "ranking": number,
                "modelIdentifier": rank.model_id,
                "name": rank.name,
                "modelVersion": rank.version,
                "elapsedTime": rank.elapsed_ms,
                "jobs": rank.jobs,
            }
            for number, rank in enumerate(ranked, start=1)
        ]
    )


@router.get("/metrics/prometheus/{metric}", summary="Processor and memory over time, shaped as Prometheus does")
async def read_series(metric: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """`cpu-…` in cores, `memory-…` in bytes, `…-usage` in percent of what is available; at most 301 values.

    Each value is the mean of its span; `cpu-current-usage` is the last of them alone.
    """
    name, period = use_series.series_name(metric), read_period(request, platform.clock.now())
    async with platform.database.read() as session:
        points = await use_series.read_machine_series(session, actor, period.start, period.stop)
    chosen = points[-1:] if name == SeriesName.CPU_CURRENT_USAGE else points
    series = {"metric": {"__name__": str(name)}, "values": [_value(point, name) for point in chosen]}
    return Json({"status": "success", "data": {"resultType": "matrix", "result": [series]}})


@router.get("/notifications/alerts", summary="How many things of each type ask for attention")
async def count_alerts(platform: ThePlatform, actor: Caller) -> Response:
    rules = platform.alert_rules
    async with platform.database.read() as session:
        counts = await alerts.count_alerts(session, actor, rules, platform.clock.now())
    return Json([{"type": str(kind), "count": count} for kind, count in counts.items()])


@router.get("/notifications/alerts/{alert_type}", summary="The names of what asks for attention")
async def list_alerts(alert_type: str, platform: ThePlatform, actor: Caller) -> Response:
    """Identifiers of jobs, names of models and versions; at most 1,000, the oldest first."""
    kind, rules = alerts.alert_type(alert_type), platform.alert_rules
    async with platform.database.read() as session:
        found = await alerts.list_alerts(session, actor, kind, rules, platform.clock.now())
    return Json(alerts.names_of(found))


def _read_question(request: Request, platform: ThePlatform) -> tuple[Period, UseFilter, datetime]:
    """Which days, whose uses, and what time it is."""
    now = platform.clock.now()
    return read_period(request, now), read_use_filter(request), now


async def _read_uses(request: Request, platform: ThePlatform, actor: Caller) -> Uses:
    asked = _read_question(request, platform)
    async with platform.database.read() as session:
        return await usage.read_uses(session, actor, *asked)


def _change(measured: Measured) -> dict[str, Any]:
    return {"recent": measured.recent, "previous": measured.previous, "percentage": measured.percentage}


def _days(measured: Measured) -> list[dict[str, Any]]:
    return [{"date": day, "value": value} for day, value in measured.days]


def _value(point: UsePoint, name: SeriesName) -> list[Any]:
    """The time as a whole number: an existing client drops what has a fraction."""
    return [point.at, f"{use_series.value_of(point, name):.10g}"]
