"""What is uploaded in the wizard: image archives, test files, pictures; and where images are pulled from instead."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from modelyard.domain.models import picture_files, pictures
from modelyard.domain.models.catalog import find_model_to_change, find_version_to_deploy
from modelyard.domain.models.versions import require_image_change
from modelyard.entrypoints.rest import intake
from modelyard.entrypoints.rest.picture_intake import read_picture_part, stored_picture
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.web.deploy_answer import AT_THE_FORM, answer_panel
from modelyard.entrypoints.web.deploy_panels import DEPLOY, address_of_deployment, panel_after
from modelyard.entrypoints.web.forms import first, read_form
from modelyard.entrypoints.web.page_routes import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_VERSION = DEPLOY + "/{model_id}/{version}"
_LONGEST_ADDRESS, _LONGEST_NAME, _LONGEST_PASSWORD = 2000, 300, 10_000


def _is_upload(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/")


@router.post(_VERSION + "/image")
async def import_image(model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """An archive that is uploaded, or the name of an image in a registry. Its password is never shown again."""
    form: dict[str, list[str]] = {}
    try:
        async with platform.database.read() as session:
            await require_image_change(session, actor, model_id, version)
        if _is_upload(request):
            await intake.receive_archive(platform, actor, model_id, version, request)
        else:
            form = await read_form(request)
            source = {
                "url": first(form, "url").strip()[:_LONGEST_ADDRESS],
                "username": first(form, "username").strip()[:_LONGEST_NAME],
                "password": form.pop("password", [""])[0][:_LONGEST_PASSWORD],
            }
            await intake.pull_image(platform, actor, model_id, version, **source)
    except AT_THE_FORM as error:
        return await answer_panel(request, platform, actor, model_id, version, "image", form=form, error=error)
    return RedirectResponse(address_of_deployment(model_id, version, "image"), 303)


@router.post(_VERSION + "/test-files")
async def set_test_file(
    model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    """The file of the input that `name` in the address says; browsers tell its type."""
    name = request.query_params.get("name", "")
    try:
        async with platform.database.read() as session:
            await find_version_to_deploy(session, actor, model_id, version)
        await intake.receive_test_input(platform, actor, model_id, version, name, request, checks_type=True)
    except AT_THE_FORM as error:
        return await answer_panel(request, platform, actor, model_id, version, "test-files", form={}, error=error)
    return RedirectResponse(address_of_deployment(model_id, version, "test-files"), 303)


@router.post(_VERSION + "/picture")
async def set_picture(model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """A picture with its words; a form without a file takes the picture away."""
    try:
        async with platform.database.read() as session:
            await find_version_to_deploy(session, actor, model_id, version)
            await find_model_to_change(session, actor, model_id)
        if not _is_upload(request):
            async with platform.database.write() as session:
                await pictures.remove_picture(session, platform.clock, actor, model_id)
            return RedirectResponse(address_of_deployment(model_id, version, "picture"), 303)
        data, words = await read_picture_part(request)
        pictures.check_words(words)
        async with (
            stored_picture(platform, data, picture_files.PICTURE) as picture,
            platform.database.write() as session,
        ):
            await pictures.set_picture(session, platform.clock, actor, model_id, picture, words)
    except AT_THE_FORM as error:
        return await answer_panel(request, platform, actor, model_id, version, "picture", form={}, error=error)
    return RedirectResponse(address_of_deployment(model_id, version, panel_after("picture")), 303)
