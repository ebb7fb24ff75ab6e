"""The pages of the deployment wizard: begin, one panel after another, a new version out of an old one."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from modelyard.core.errors import PlatformError
from modelyard.core.file_names import disposition
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.catalog import change_model, create_model, find_model
from modelyard.domain.models.contract import ANY_MEDIA_TYPE
from modelyard.domain.models.semantic import next_version
from modelyard.domain.models.versions import create_version
from modelyard.domain.version_tests.checklist import next_step
from modelyard.domain.version_tests.deployments import (
    NameInUse,
    list_own_models,
    list_unfinished,
    read_deployment,
    require_new_name,
)
from modelyard.entrypoints.rest.errors import status_of
from modelyard.entrypoints.rest.pieces import FOR_THE_CALLER_ALONE, answer_in_pieces
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, read_flag
from modelyard.entrypoints.web.deploy_answer import AT_THE_FORM, answer_panel, problems_of, wrong_fields
from modelyard.entrypoints.web.deploy_changes import STAY_AFTER, Change, save_panel
from modelyard.entrypoints.web.deploy_panels import (
    DEPLOY,
    address_of_deployment,
    find_panel,
    panel_after,
    panel_of,
)
from modelyard.entrypoints.web.forms import first, read_form
from modelyard.entrypoints.web.frame import framed, read_frame
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import read_list
from modelyard.entrypoints.web.pages import page
from modelyard.entrypoints.web.trial_outputs import OutputUnknown, find_output, output_pieces

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_VERSION = DEPLOY + "/{model_id}/{version}"
UNFINISHED_AT_ONCE = 20
MODELS_OFFERED = 8
FIRST_VERSION = "0.1.0"


@router.get(DEPLOY)
async def show_start(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Begin a model, or go on with what is not finished."""
    return await _start(request, platform, actor, {"name": "", "version": FIRST_VERSION, "description": ""})


@router.post(DEPLOY)
async def begin(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Steps 1 and 2; a second model of a name is created for who says `again`."""
    form = await read_form(request)
    typed = {name: first(form, name).strip() for name in ("name", "version", "description")}
    try:
        async with platform.database.write() as session:
            if first(form, "again") != typed["name"]:
                await require_new_name(session, actor, typed["name"])
            model = await create_model(session, platform.clock, actor, name=typed["name"], version=typed["version"])
            if typed["description"]:
                await change_model(session, platform.clock, actor, model.id, description=typed["description"])
    except AT_THE_FORM as error:
        return await _start(request, platform, actor, typed, error)
    return RedirectResponse(address_of_deployment(model.id, typed["version"], "image"), 303)


async def _start(
    request: Request, platform: ThePlatform, actor: Caller, typed: dict[str, str], error: PlatformError | None = None
) -> Response:
    state = read_list(request, DEPLOY, (), UNFINISHED_AT_ONCE)
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "Library")
        found = await list_unfinished(session, actor, state.page)
        models = await list_own_models(session, actor, most=MODELS_OFFERED)
    return framed(
        "deploy.html",
        frame,
        status_of(error) if error else 200,
        now=platform.clock.now(),
        values=typed,
        **_problems(error),
        namesake=error.model_id if isinstance(error, NameInUse) else "",
        entries=[(each, address_of_deployment(each.version.model_id, each.version.version)) for each in found.entries],
        following=state.following(has_next=found.has_next),
        models=models,
        author=actor.account_name,
        may_approve=actor.may(Permission.APPROVE_MODELS),
    )


def _problems(error: PlatformError | None) -> dict[str, Any]:
    problems = problems_of(error) if error else []
    return {"problems": problems, "wrong": wrong_fields(problems)}


@router.post(DEPLOY + "/preview")
async def preview(request: Request, actor: Caller) -> Response:  # noqa: ARG001 - whoever deploys
    """A text as it will be shown, for the page to put below its field."""
    form = await read_form(request)
    return page("deploy_preview.html", text=next((texts[0] for texts in form.values()), ""))


@router.get(DEPLOY + "/{model_id}")
async def show_new_version(model_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """A further version of a model: what it is made of."""
    return await _new_version(model_id, request, platform, actor)


@router.post(DEPLOY + "/{model_id}")
async def add_version(model_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """`source` is the version that it is a copy of; empty for a bare one."""
    form = await read_form(request)
    number, source = first(form, "version").strip(), first(form, "source")
    try:
        if source:
            with_image = bool(first(form, "image"))
            await platform.cloner.clone(actor, model_id, source, to=number, with_image=with_image)
        else:
            async with platform.database.write() as session:
                await create_version(session, platform.clock, actor, model_id, version=number)
    except AT_THE_FORM as error:
        typed = {"version": number, "source": source, "image": first(form, "image")}
        return await _new_version(model_id, request, platform, actor, typed, error)
    return RedirectResponse(address_of_deployment(model_id, number), 303)


async def _new_version(
    model_id: str,
    request: Request,
    platform: ThePlatform,
    actor: Caller,
    typed: dict[str, str] | None = None,
    error: PlatformError | None = None,
) -> Response:
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "Library")
        model = await find_model(session, actor, model_id)
    numbers = [row.version for row in reversed(model.versions)]
    asked = request.query_params.get("from", "")
    source = asked if asked in numbers else next(iter(numbers), "")
    suggested = {"version": next_version(numbers), "source": source, "image": ""}
    status = status_of(error) if error else 200
    return framed(
        "deploy_version.html",
        frame,
        status,
        model=model,
        sources=[*((number, f"a copy of {number}") for number in numbers), ("", "nothing")],
        values=suggested if typed is None else typed,
        **_problems(error),
    )


@router.get(_VERSION)
async def go_on(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    """To the first step that is needed and not done."""
    async with platform.database.read() as session:
        found = await read_deployment(session, actor, model_id, version)
    return RedirectResponse(address_of_deployment(model_id, version, panel_of(next_step(found.steps)).name), 303)


@router.get(_VERSION + "/{panel}")
async def show_panel(
    model_id: str, version: str, panel: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    return await answer_panel(request, platform, actor, model_id, version, panel)


@router.post(_VERSION + "/{panel}")
async def change_panel(
    model_id: str, version: str, panel: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    """Saves what was typed, and goes on to the next panel."""
    find_panel(panel)
    form = await read_form(request)
    try:
        async with platform.database.write() as session:
            await save_panel(session, panel, Change(platform, actor, model_id, version, form))
    except AT_THE_FORM as error:
        return await answer_panel(request, platform, actor, model_id, version, panel, form=form, error=error)
    following = panel if panel in STAY_AFTER else panel_after(panel)
    return RedirectResponse(address_of_deployment(model_id, version, following), 303)


@router.get(_VERSION + "/outputs/{position}")
async def read_output(
    model_id: str, version: str, position: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    """An output of the newest run test; with `show` a picture or a sound is shown in place."""
    async with platform.database.read() as session:
        test = (await read_deployment(session, actor, model_id, version)).run
    if test is None:
        raise OutputUnknown
    output = find_output(test, position)
    is_shown = output.is_harmless and bool(read_flag(request, "show"))
    headers = {**FOR_THE_CALLER_ALONE, "Content-Disposition": disposition(output.name, is_shown=is_shown)}
    media_type = output.media_type if output.is_harmless or output.text is not None else ANY_MEDIA_TYPE
    return await answer_in_pieces(output_pieces(platform.storage, test, output), media_type, headers)
