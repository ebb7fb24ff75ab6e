"""The route of the report that the tests of a version leave."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import PlainTextResponse, Response

from modelyard.domain.version_tests.read_report import read_report
from modelyard.entrypoints.rest.report_shapes import report_object
from modelyard.entrypoints.rest.report_text import report_markdown
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models/{model_id}/versions/{version}", tags=["deployment"], route_class=GuardedRoute)


@router.get("/report", summary="What the tests of a version measured, and what they suggest")
async def read_version_report(
    model_id: str,
    version: str,
    platform: ThePlatform,
    actor: Caller,
    format: Annotated[Literal["json", "markdown"], Query(description="`markdown` is for people.")] = "json",  # noqa: A002
) -> Response:
    """Before a test of the version has ended there is none: 409. Members name their units; missing: not measured."""
    async with platform.database.read() as session:
        report = await read_report(session, actor, model_id, version)
    if format == "markdown":
        return PlainTextResponse(report_markdown(report), media_type="text/markdown")
    return Json(report_object(report))
