"""The route of the licence: how many engines the account may have in total."""

from fastapi import APIRouter
from starlette.responses import Response

from modelyard.domain.models.licence import licensed_engines
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/license", tags=["accounts"], route_class=GuardedRoute)


@router.get("", summary="How many engines the account may have in total")
async def read_licence(platform: ThePlatform, actor: Caller) -> Response:
    """The number is a text: an existing client breaks on anything else."""
    async with platform.database.read() as session:
        engines = await licensed_engines(session, actor.account_id, platform.settings.processing_engines)
    return Json({"companyName": actor.account_name, "processingEngines": str(engines)})
