"""Routes of quotas: how many items users, teams and projects may submit."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelyard.domain.accounts import quota_queries, quotas
from modelyard.domain.accounts.quota_queries import UsedQuota
from modelyard.domain.accounts.tables import Quota
from modelyard.entrypoints.rest.requests import (
    ABSENT,
    Caller,
    GuardedRoute,
    ThePlatform,
    next_link,
    parse_time,
    read_page,
    read_sort,
    read_text,
)
from modelyard.entrypoints.rest.wire import Json, time_text, without_none

router = APIRouter(prefix="/api/accounting/quotas", tags=["quotas"], route_class=GuardedRoute)


class NewQuota(BaseModel):
    """A quota for exactly one of user, team and project."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"team": "0d6c5d0e-0000-4000-8000-000000000001", "period": "daily", "quota": 1000}
        }
    )
    quota: int = Field(description="Most items (job inputs) in one window.")
    user: str | None = Field(None, description="The identifier of whom it limits; so team and project.")
    team: str | None = None
    project: str | None = None
    period: str | None = Field(
        None, description="Calendar windows in UTC: hourly, daily, weekly (from Monday), monthly, yearly; null: one."
    )
    from_: str | None = Field(None, alias="from", description="When it begins to hold; null: at once.")
    to: str | None = Field(None, description="When it ends to hold; null: never.")


class QuotaChange(BaseModel):
    """What to change; absent or null leaves a member as it is, an empty text removes a time."""

    quota: int | None = None
    from_: str | None = Field(None, alias="from")
    to: str | None = None
    period: str | None = Field(None, description="Cannot change, because what is used is counted by it.")


@router.get("", summary="List quotas and what is used of them")
async def list_quotas(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: user team project, each an identifier."""
    wanted = quota_queries.QuotaFilter(**{name: read_text(request, name) for name in ("user", "team", "project")})
    page = read_page(request)
    async with platform.database.read() as session:
        found = await quota_queries.list_quotas(session, platform.clock, actor, wanted, page, read_sort(request))
    shapes = [quota_object(entry) for entry in found.entries]
    return Json(shapes, headers=next_link(request, page, has_next=found.has_next))


@router.post("", status_code=201, summary="Limit the items that a user, a team or a project may submit")
async def create_quota(body: NewQuota, platform: ThePlatform, actor: Caller) -> Response:
    wanted = quotas.NewQuota(
        amount=body.quota,
        period=body.period,
        starts_at=_time(body.from_, "from"),
        ends_at=_time(body.to, "to"),
        user=body.user,
        team=body.team,
        project=body.project,
    )
    async with platform.database.write() as session:
        created = await quotas.create_quota(session, platform.clock, actor, wanted)
    return Json(quota_object(created), 201)


@router.get("/{quota_id}", summary="Read a quota and what is used of it")
async def read_quota(quota_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(quota_object(await quota_queries.find_quota(session, platform.clock, actor, quota_id)))


@router.patch("/{quota_id}", summary="Change how much a quota allows, and when it holds")
async def change_quota(quota_id: str, body: QuotaChange, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        changes = quotas.QuotaChanges(
            amount=body.quota,
            period=body.period,
            starts_at=_time(body.from_, "from"),
            ends_at=_time(body.to, "to"),
            without_start=body.from_ == "",
            without_end=body.to == "",
        )
        changed = await quotas.change_quota(session, platform.clock, actor, quota_id, changes)
    return Json(quota_object(changed))


@router.delete("/{quota_id}", summary="Delete a quota")
async def delete_quota(quota_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await quotas.delete_quota(session, platform.clock, actor, quota_id)
    return Json({})


def quota_object(entry: UsedQuota) -> dict[str, Any]:
    """A quota on the wire. `period` is null where the quota has one window only."""
    quota = entry.quota
    times = {"from": quota.starts_at, "to": quota.ends_at}
    return {
        "identifier": quota.id,
        **_subject(quota, entry.name),
        **without_none({name: time_text(time) if time else None for name, time in times.items()}),
        "period": quota.period,
        "quota": quota.amount,
        "used": entry.used,
        "createdAt": time_text(quota.created_at),
    }


def _subject(quota: Quota, name: str) -> dict[str, Any]:
    identifiers = {"user": quota.user_id, "team": quota.team_id, "project": quota.project_id}
    return {kind: {"identifier": identifier, "name": name} for kind, identifier in identifiers.items() if identifier}


def _time(text: str | None, name: str) -> datetime | None:
    return None if text is None or text.strip().lower() in ABSENT else parse_time(text.strip(), name)
