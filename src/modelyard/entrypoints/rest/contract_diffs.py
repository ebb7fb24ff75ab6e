"""The route that compares the contracts of two versions."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from modelyard.domain.models.contract_diff import Change, breaking
from modelyard.domain.models.version_diff import diff_versions
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models/{model_id}/versions", tags=["versions"], route_class=GuardedRoute)


@router.get("/{version}/diff/{other}", summary="What changed from one version to another")
async def read_diff(model_id: str, version: str, other: str, platform: ThePlatform, actor: Caller) -> Response:
    """From the first version of the address to the second: each change with its effect, and whom it breaks."""
    async with platform.database.read() as session:
        changes = await diff_versions(session, actor, model_id, version, other)
    rows = [change_object(change) for change in changes]
    return Json({"from": version, "to": other, "isBreaking": bool(breaking(changes)), "changes": rows})


def change_object(change: Change) -> dict[str, Any]:
    """One difference; `before` and `after` are null where there was or is nothing."""
    return {
        "path": change.path,
        "before": change.before,
        "after": change.after,
        "effect": change.effect,
        "sentence": change.sentence,
    }
