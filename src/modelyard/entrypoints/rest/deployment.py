"""Routes of the deployment steps that take time: container image, test file, load test, run test."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from modelyard.core.errors import InvalidInput, NotFound
from modelyard.domain.images.tables import ImportState
from modelyard.domain.models import catalog
from modelyard.domain.models.versions import require_image_change
from modelyard.domain.version_tests import request as tests
from modelyard.domain.version_tests.read_report import find_progress
from modelyard.domain.version_tests.tables import TestKind
from modelyard.entrypoints.body_problems import told_problems
from modelyard.entrypoints.rest import intake
from modelyard.entrypoints.rest.errors import error_answer
from modelyard.entrypoints.rest.model_shapes import image_object, test_object
from modelyard.entrypoints.rest.report_shapes import progress_member
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.uploads import FILE_BODY
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models/{model_id}/versions/{version}", tags=["deployment"], route_class=GuardedRoute)


class RegistrySource(BaseModel):
    """Where an image is pulled from. A null user name or password is none."""

    url: str = Field(description="Pull string, or manifest address of a registry.", max_length=2000)
    username: str | None = Field(None, max_length=300)
    password: str | None = Field(None, max_length=10_000)


class ImageSource(BaseModel):
    """The body of a request for a pull."""

    registry: RegistrySource


_IMAGE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["registry"],
                    "properties": {"registry": RegistrySource.model_json_schema()},
                }
            },
            **FILE_BODY["requestBody"]["content"],
        },
    }
}


class NoImage(NotFound):
    """No image was given yet."""

    def __init__(self) -> None:
        super().__init__("The version has no container image yet; add one with POST container-image.")


@router.post("/container-image", status_code=201, summary="Import the container image", openapi_extra=_IMAGE_BODY)
async def import_image(model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Pulls from a registry (JSON), or takes a `docker save` or OCI-layout archive (multipart part `file`)."""
    async with platform.database.read() as session:
        await require_image_change(session, actor, model_id, version)
    if request.headers.get("content-type", "").startswith("multipart/"):
        image = await intake.receive_archive(platform, actor, model_id, version, request)
    else:
        source = _read_source(await request.json()).registry
        image = await intake.pull_image(
            platform,
            actor,
            model_id,
            version,
            url=source.url,
            username=source.username or "",
            password=source.password or "",
        )
    return Json(image_object(image) | {"percentage": image.percentage}, 201)


def _read_source(body: object) -> ImageSource:
    try:
        return ImageSource.model_validate(body)
    except ValidationError as error:
        problems = "; ".join(told_problems(error.errors(include_url=False), body))
        raise InvalidInput(f'{problems}; expected {{"registry":{{"url":"<host>/<name>:<tag>"}}}}') from None


@router.get("/container-image", summary="How far the import is")
async def read_image(model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """A failed import answers with its reason as an error."""
    async with platform.database.read() as session:
        image = (await catalog.find_version(session, actor, model_id, version)).image
    if image is None:
        raise NoImage
    if image.state == ImportState.FAILED:
        message = f"The import of {image.reference} failed: {image.error}"
        return error_answer(request, 422, message, image.technical_information)
    return Json(image_object(image) | {"percentage": image.percentage, "stepName": image.step})


@router.post("/load-process", summary="Start the load test")
async def start_load_test(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        return Json(test_object(await tests.request_load_test(session, platform.clock, actor, model_id, version)))


@router.get("/load-process", summary="How far the load test is")
async def read_load_test(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(test_object(await tests.read_test(session, actor, model_id, version, TestKind.LOAD)))


@router.post("/run-process", summary="Start the run test")
async def start_run_test(
    model_id: str,
    version: str,
    platform: ThePlatform,
    actor: Caller,
    explain: Annotated[str, Query(description="`true`: the model must return an explanation.")] = "",
) -> Response:
    wanted = explain.strip().lower() in {"true", "1"}
    async with platform.database.write() as session:
        test = await tests.request_run_test(session, platform.clock, actor, model_id, version, explain=wanted)
        return Json(test_object(test))


@router.get("/run-process", summary="How far the run test is, and its result")
async def read_run_test(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    """Once it has passed, the version is measured under load; `report` says how far that is."""
    async with platform.database.read() as session:
        test = await tests.read_test(session, actor, model_id, version, TestKind.RUN)
        return Json(test_object(test) | progress_member(await find_progress(session, test)))


@router.post("/testInput", status_code=201, summary="Add the test file of an input", openapi_extra=FILE_BODY)
async def set_test_input(
    model_id: str,
    version: str,
    request: Request,
    platform: ThePlatform,
    actor: Caller,
    name: Annotated[str, Query(description="The input's name; may be left out when there is just one.")] = "",
) -> Response:
    part = await intake.receive_test_input(platform, actor, model_id, version, name, request)
    return Json({"name": name, "fileName": part.file_name, "size": part.size}, 201)
