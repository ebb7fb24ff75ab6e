"""The route of a model's history: what happened to it, or what was live at a moment."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.domain.models.live_at import ModelThen, VersionThen, read_live_at
from modelyard.domain.models.timeline import TimelineEntry, list_timeline
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, next_link, read_page, read_time
from modelyard.entrypoints.rest.wire import Json, time_text, without_none

router = APIRouter(prefix="/api/models", tags=["models"], route_class=GuardedRoute)


@router.get("/{model_id}/timeline", summary="What happened to a model")
async def read_timeline(model_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Newest first, in pages. With `at`, a time: which versions were live then, and who saw the model."""
    at, page = read_time(request, "at"), read_page(request)
    async with platform.database.read() as session:
        if at is not None:
            return Json(_model_then(await read_live_at(session, actor, model_id, at)))
        found = await list_timeline(session, actor, model_id, page)
    return Json([_entry(entry) for entry in found.entries], headers=next_link(request, page, has_next=found.has_next))


def _entry(entry: TimelineEntry) -> dict[str, Any]:
    return without_none(
        {
            "at": time_text(entry.at),
            "by": entry.by,
            "byFullName": entry.by_full_name,
            "action": entry.action,
            "version": entry.version,
            "title": entry.title,
            "details": entry.details,
        }
    )


def _model_then(model: ModelThen) -> dict[str, Any]:
    return without_none(
        {
            "at": time_text(model.at),
            "versions": [_version_then(version) for version in model.versions],
            "live": model.live,
            "visibility": model.visibility,
        }
    )


def _version_then(version: VersionThen) -> dict[str, Any]:
    since = time_text(version.active_since) if version.active_since else None
    return without_none({"version": version.version, "status": version.status, "activeSince": since})
