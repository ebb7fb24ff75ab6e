"""The pages of operations: how much is done and how busy the machines are, and what asks for attention."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.app import Platform
from modelyard.core.paging import Page
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.jobs.occupancy import list_occupancy
from modelyard.domain.monitoring import usage, use_series
from modelyard.domain.monitoring.alert_history import list_past_alerts
from modelyard.domain.monitoring.alerts import Alert, AlertType, count_alerts, list_alerts
from modelyard.domain.monitoring.periods import Period
from modelyard.domain.monitoring.tables import AlertRecord
from modelyard.domain.monitoring.usage import UseFilter
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, read_text
from modelyard.entrypoints.web.chosen_periods import choose_period
from modelyard.entrypoints.web.frame import framed, read_frame
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import read_list

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PLACE = "Operations"
RANKED = 10
VERSIONS_SHOWN = 6
POINTS = 120
ALERTS_AT_ONCE = 50
_TITLES = {
    AlertType.JOB_STUCK: "Stuck job",
    AlertType.MODEL_EXPIRATION: "Model expires",
    AlertType.VERSION_QUARANTINED: "Version in quarantine",
}
_ADVICE = {
    AlertType.JOB_STUCK: "See what it waits for; cancel it, or give its version more engines.",
    AlertType.MODEL_EXPIRATION: "Set a later expiration, or deactivate its versions and tell who uses them.",
    AlertType.VERSION_QUARANTINED: "Read why its engines died, mend the image, and deploy a new version.",
}


@router.get("/operations")
async def show_operations(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The overview; of it only what changes by the second where the address has `part=now`."""
    now = platform.clock.now()
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, PLACE)
        current = await _what_is_now(session, platform, actor, now)
        if read_text(request, "part") == "now":
            return framed("operations_now.html", frame, **current)
        chosen = choose_period(request, "/operations", now)
        done = await _what_was_done(session, actor, chosen.period, now)
        machines = await _machines(session, actor, chosen.period) if current["may_see_engines"] else {}
    values = {"chosen": chosen, "span": _seen(chosen.period, now)}
    return framed("operations.html", frame, chosen.status, **values, **current, **done, **machines)


async def _what_is_now(session: AsyncSession, platform: Platform, actor: Actor, now: datetime) -> dict[str, Any]:
    counts = await count_alerts(session, actor, platform.alert_rules, now)
    may_see_engines = actor.may(Permission.READ_ENGINES)
    at_work = await list_occupancy(session, platform.clock, actor, Page(1, VERSIONS_SHOWN)) if may_see_engines else None
    return {
        "now": now,
        "alerts": [(_TITLES[kind], count) for kind, count in counts.items() if count],
        "may_see_engines": may_see_engines,
        "versions": at_work.entries if at_work else [],
    }


def _seen(period: Period, now: datetime) -> tuple[datetime, datetime]:
    """What of a period has passed; all of one that is still to come."""
    return period.start, min(period.stop, now) if period.start < now else period.stop


async def _what_was_done(session: AsyncSession, actor: Actor, period: Period, now: datetime) -> dict[str, Any]:
    everybody = UseFilter()
    uses = await usage.read_uses(session, actor, period, everybody, now)
    active = await usage.count_active(session, actor, period, everybody, now)
    columns = (uses.predictions, uses.input_bytes, active.users, active.versions, uses.failures, uses.jobs)
    return {
        "uses": uses,
        "active": active,
        "days": [(day, [column.days[place][1] for column in columns]) for place, day in enumerate(period.days())],
        "users": await usage.rank_users(session, actor, period, everybody, now, most=RANKED),
        "models": await usage.rank_models(session, actor, period, everybody, now, most=RANKED),
    }


async def _machines(session: AsyncSession, actor: Actor, period: Period) -> dict[str, Any]:
    return {
        "points": await use_series.read_machine_series(session, actor, period.start, period.stop, most=POINTS),
        "last": await use_series.read_last_point(session, actor),
    }


@router.get("/operations/alerts")
async def show_alerts(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    now = platform.clock.now()
    chosen = choose_period(request, "/operations/alerts", now)
    state = read_list(request, "/operations/alerts", ("days", "begin-date", "end-date"), ALERTS_AT_ONCE)
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, PLACE)
        current = {kind: await list_alerts(session, actor, kind, platform.alert_rules, now) for kind in AlertType}
        past = await list_past_alerts(session, actor, chosen.period, state.page)
    return framed(
        "alerts.html",
        frame,
        chosen.status,
        now=now,
        chosen=chosen,
        may_see_engines=actor.may(Permission.READ_ENGINES),
        current=[(_TITLES[kind], _ADVICE[kind], _linked(found)) for kind, found in current.items() if found],
        past=[(row, _TITLES[AlertType(row.type)], _address_of_record(row)) for row in past.entries],
        preceding=state.preceding,
        following=state.following(has_next=past.has_next),
    )


def _linked(alerts: list[Alert]) -> list[tuple[Alert, str]]:
    return [(alert, _address(alert)) for alert in alerts]


def _address(alert: Alert) -> str:
    if alert.type == AlertType.VERSION_QUARANTINED:
        return f"/operations/versions/{alert.model_id}/{alert.version}"
    return f"/jobs/{alert.subject}" if alert.type == AlertType.JOB_STUCK else f"/models/{alert.model_id}"


def _address_of_record(row: AlertRecord) -> str:
    return f"/jobs/{row.subject}" if row.type == AlertType.JOB_STUCK else f"/models/{row.model_id}"
