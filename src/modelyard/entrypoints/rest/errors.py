"""Turns every error into the one body that all clients read."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from modelyard.core import errors
from modelyard.core.logs import log
from modelyard.entrypoints.body_problems import told_problems
from modelyard.entrypoints.rest.middleware import path_to_log
from modelyard.entrypoints.rest.refusals import tell_of_refusal
from modelyard.entrypoints.rest.wire import Json, without_none

STATUS: dict[type[errors.PlatformError], int] = {
    errors.InvalidInput: 400,
    errors.NotAuthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Outdated: 412,
    errors.TooLarge: 413,
    errors.LimitReached: 429,
    errors.Unavailable: 503,
    errors.UpstreamFailed: 422,
    errors.PlatformError: 500,
}
"""Kind of error to HTTP status. A failing registry or container is what the caller brought: not our fault, so 422."""

REPORT_PATH = "/api/docs"
_MOST_PROBLEMS = 100
_SOURCES = ("path", "query", "header", "cookie", "body")
_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


def status_of(error: errors.PlatformError) -> int:
    """The status of the nearest kind that the error is of."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def error_answer(
    request: Request, status: int, message: str, technical_information: str | None = None, **headers: str
) -> Response:
    """The error body, with the HTTP status repeated in it."""
    phrase = HTTPStatus(status).phrase
    body = {
        "statusCode": status,
        "status": phrase,
        "message": message,
        "reportErrorUrl": str(request.url.replace(path=REPORT_PATH, query="", fragment="")),
        "technicalInformation": technical_information,
    }
    return Json(without_none(body), status, headers=headers)


def install(app: FastAPI) -> None:
    """Registers the handlers."""
    app.add_exception_handler(errors.PlatformError, _platform_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected_error)


async def _platform_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.PlatformError)  # noqa: S101 - it is registered for this class
    status = status_of(error)
    if isinstance(error, errors.NotAuthenticated | errors.NotAllowed):
        await tell_of_refusal(request, error, status)
    headers = {"WWW-Authenticate": "ApiKey"} if status == 401 else {}
    if isinstance(error, errors.LimitReached | errors.Unavailable) and error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return error_answer(request, status, error.message, error.technical_information, **headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for this class
    problems = [problem for source in _SOURCES for problem in _problems_of(source, error)]
    more = [f"and {len(problems) - _MOST_PROBLEMS} more"] if len(problems) > _MOST_PROBLEMS else []
    return error_answer(request, 400, "; ".join([*problems[:_MOST_PROBLEMS], *more]))


def _problems_of(source: str, error: RequestValidationError) -> list[str]:
    """Locations begin with where in the request something was; only of bodies is all there that was sent."""
    found = [{**entry, "loc": entry["loc"][1:]} for entry in error.errors() if entry["loc"][0] == source]
    sent = error.body if source == "body" else {name: entry["input"] for entry in found for name in entry["loc"]}
    return told_problems(found, sent)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for this class
    message = str(error.detail)
    if error.status_code == 404 and message == "Not Found":
        message = f"There is nothing at {request.url.path[:200]}; see {REPORT_PATH} for what there is."
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods_at(request))
        message = f"{request.method} is not possible at {request.url.path[:200]}; possible are: {headers['Allow']}."
    return error_answer(request, error.status_code, message, **headers)


def _methods_at(request: Request) -> list[str]:
    """All methods of an address; the framework names those of the first route alone."""
    return [method for method in _METHODS if _is_served(request, method)]


def _is_served(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] == Match.FULL for route in request.app.routes)


async def _unexpected_error(request: Request, error: Exception) -> Response:
    request_id = str(request.state.request_id)
    log.error("a request failed unexpectedly", path=path_to_log(request.scope), request_id=request_id, exc_info=error)
    message = f"The platform failed unexpectedly; report the request id {request_id}, by which its log names the cause."
    return error_answer(request, 500, message, **{"X-Request-Id": request_id})
