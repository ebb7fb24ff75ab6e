"""The page of versions that wait for the reader's approval: what would become active, whom that breaks, yes or no."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from modelyard.core.errors import PlatformError
from modelyard.domain.models import decisions
from modelyard.domain.models.version_diff import activation_warnings
from modelyard.entrypoints.rest.errors import status_of
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.web.deploy_answer import AT_THE_FORM
from modelyard.entrypoints.web.forms import first, read_form
from modelyard.entrypoints.web.frame import framed, read_frame
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import read_list

router = APIRouter(route_class=PageRoute, include_in_schema=False)
APPROVALS = "/approvals"
AT_ONCE = 20


@router.get(APPROVALS)
async def show_waiting(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Those that wait longest first."""
    return await _answer(request, platform, actor)


@router.post(APPROVALS + "/{model_id}/{version}")
async def decide(model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """`decision` is `approved` or `rejected`: the button that was pressed."""
    form = await read_form(request)
    decision = decisions.Decision(first(form, "decision") == "approved", first(form, "reason"), first(form, "seen"))
    engines = platform.settings.processing_engines
    try:
        async with platform.database.write() as session:
            await decisions.decide(session, platform.clock, actor, model_id, version, decision, default_engines=engines)
    except AT_THE_FORM as error:
        typed = (model_id, version, decision.reason)
        return await _answer(request, platform, actor, error, typed)
    return RedirectResponse(APPROVALS, 303)


async def _answer(
    request: Request,
    platform: ThePlatform,
    actor: Caller,
    error: PlatformError | None = None,
    typed: tuple[str, str, str] = ("", "", ""),
) -> Response:
    state = read_list(request, APPROVALS, (), AT_ONCE)
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "Library")
        found = await decisions.list_waiting(session, actor, state.page)
        entries = [
            (
                row,
                facts,
                decisions.mark_of(row),
                await activation_warnings(session, row),
                decisions.may_decide(actor, row, facts),
            )
            for row, facts in found.entries
        ]
    return framed(
        "approvals.html",
        frame,
        status_of(error) if error else 200,
        now=platform.clock.now(),
        entries=entries,
        problem=error.message if error else "",
        typed=typed,
        following=state.following(has_next=found.has_next),
    )
