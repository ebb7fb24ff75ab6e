"""What errors look like on the wire, beside their body."""

from fastapi import FastAPI

from modelyard.core.database_errors import DatabaseAway, DatabaseBusy, DatabaseFull
from modelyard.core.errors import LimitReached
from modelyard.entrypoints.rest import errors
from tests.asgi import AsgiClient


async def test_used_up_limit_says_when_to_come_back() -> None:
    app = FastAPI()
    errors.install(app)

    @app.get("/limited")
    async def limited() -> None:
        raise LimitReached("Wait a little.", retry_after=17)

    @app.get("/quota")
    async def quota() -> None:
        raise LimitReached("Ask for more.")

    answer = await AsgiClient(app).call("GET", "/limited")
    assert (answer.status, answer.headers["retry-after"]) == (429, "17")
    assert "retry-after" not in (await AsgiClient(app).call("GET", "/quota")).headers


async def test_what_changed_nothing_may_be_tried_again_at_once() -> None:
    app = FastAPI()
    errors.install(app)

    @app.get("/busy")
    async def busy() -> None:
        raise DatabaseBusy

    @app.get("/away")
    async def away() -> None:
        raise DatabaseAway  # perhaps during a commit

    @app.get("/full")
    async def full() -> None:
        raise DatabaseFull

    answer = await AsgiClient(app).call("GET", "/busy")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    answer = await AsgiClient(app).call("GET", "/full")
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
    assert "retry-after" not in (await AsgiClient(app).call("GET", "/away")).headers
