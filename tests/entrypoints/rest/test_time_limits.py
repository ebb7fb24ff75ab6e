"""Requests that take too long end with an error that says so."""

import asyncio
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from modelyard.entrypoints.rest import errors
from modelyard.entrypoints.rest.time_limits import TimeLimits
from tests.asgi import AsgiClient
from tests.entrypoints.rest.steps import expect_error


async def _slow(_: Request) -> Response:
    await asyncio.sleep(5)
    return Response("late")


async def _read(request: Request) -> Response:
    return Response(await request.body())


async def _stream(_: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            await asyncio.sleep(0.05)
            yield b"x"

    return StreamingResponse(pieces())


def _app(between_pieces: float = 0.1, to_answer: float = 0.1, at_least: float = 30) -> FastAPI:
    limits = Middleware(TimeLimits, between_pieces=between_pieces, to_answer=to_answer, at_least=at_least)
    app = FastAPI(middleware=[limits])
    errors.install(app)
    for path, route in {"/slow": _slow, "/read": _read, "/stream": _stream}.items():
        app.add_route(path, route, methods=["GET", "POST"])
    return app


class _LateBody:
    """An application that gets its body in pieces with pauses between."""

    def __init__(self, app: FastAPI, pauses: list[float], first: bytes) -> None:
        self._app = app
        self._pauses = pauses
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pauses, pieces = iter(self._pauses), iter([self._first])

        async def late() -> Message:
            pause = next(pauses, None)
            await asyncio.sleep(pause or 0)
            return {"type": "http.request", "body": next(pieces, b"x"), "more_body": pause is not None}

        await self._app(scope, late, send)


async def _post(
    pauses: list[float], make_app: Callable[[], FastAPI] = _app, *, first: bytes = b"x"
) -> tuple[int, bytes]:
    answer = await AsgiClient(_LateBody(make_app(), pauses, first)).call("POST", "/read")
    return answer.status, answer.body


async def test_work_without_end_is_ended() -> None:
    expect_error(await AsgiClient(_app()).call("GET", "/slow"), 503, "not done within 0.1 s")


async def test_sender_that_falls_silent_is_told() -> None:
    status, body = await _post([0.01, 0.5])

    assert status == 408
    assert b"Nothing of the body has arrived for 0.1 s" in body


async def test_a_byte_now_and_then_is_not_enough() -> None:
    status, body = await _post([0.06] * 6, lambda: _app(at_least=0.15))

    assert status == 408
    assert b"more slowly than 10 kB a second" in body


async def test_what_came_before_earns_no_long_silence() -> None:
    status, body = await _post([0.06] * 6, lambda: _app(at_least=0.15), first=b"x" * 100_000)

    assert status == 408
    assert b"more slowly than 10 kB a second" in body


async def test_body_may_take_long_while_it_arrives() -> None:
    assert await _post([0.05] * 6) == (200, b"x" * 7)


async def test_answer_may_take_long_once_it_has_begun() -> None:
    answer = await AsgiClient(_app()).call("GET", "/stream")

    assert (answer.status, answer.body) == (200, b"xxxx")
