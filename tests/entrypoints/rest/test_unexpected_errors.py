"""An error that nobody thought of: answered like all others, with the request id under which it is logged."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from modelyard.entrypoints.rest import errors
from modelyard.entrypoints.rest.measures import Measures
from modelyard.entrypoints.rest.middleware import RequestContext
from tests.asgi import AsgiClient


async def test_unexpected_error_names_its_request() -> None:
    app = FastAPI(middleware=[Middleware(RequestContext, measures=Measures())])
    errors.install(app)

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("a secret of ours")

    answer = await AsgiClient(app).call("GET", "/broken", headers={"X-Request-Id": "request-of-the-test"})

    assert answer.status == 500
    assert answer.headers["x-request-id"] == "request-of-the-test"
    assert (answer.json["statusCode"], answer.json["status"]) == (500, "Internal Server Error")
    assert "request-of-the-test" in answer.json["message"]
    assert b"secret" not in answer.body
