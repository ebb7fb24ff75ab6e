"""What the OpenAPI document says of every route: the body of errors, and how callers prove who they are."""

from typing import Any

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    """What every answer of 400 and above looks like."""

    statusCode: int  # noqa: N815 - the API's spelling
    status: str
    message: str = Field(description="What happened, and what to do.")
    reportErrorUrl: str  # noqa: N815
    technicalInformation: str | None = Field(  # noqa: N815
        None, description="What helps to find the cause, such as the last lines of a container's log."
    )


ERRORS: dict[int | str, dict[str, Any]] = {"4XX": {"model": ErrorBody, "description": "Any error"}}
KEY_SCHEME = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`ApiKey <prefix>.<body>`, or `Bearer <token>` beside the header `Modzy-Team-Id`.",
    }
}
NEEDS_KEY: list[dict[str, list[str]]] = [{"ApiKey": []}]
