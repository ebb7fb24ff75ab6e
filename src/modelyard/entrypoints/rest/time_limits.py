"""Limits on the time of a request: while its body arrives, and from there until its answer begins."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelyard.entrypoints.rest.errors import error_answer

SECONDS_BETWEEN_PIECES = 30.0
SECONDS_TO_ANSWER = 120.0
SECONDS_AT_LEAST = 30.0
SLOWEST_BYTES_PER_SECOND = 10_000
"""A body may take 30 s, and beyond that as long as it comes at this pace; what came before earns no more than 30 s."""


class TimeLimits:
    """Ends requests whose sender falls silent, and those that are worked on for too long.

    A large upload may take as long as it needs while it goes on arriving at some pace, and so may the body of an
    answer. Who sends a byte now and then would else hold a connection for ever.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        between_pieces: float = SECONDS_BETWEEN_PIECES,
        to_answer: float = SECONDS_TO_ANSWER,
        at_least: float = SECONDS_AT_LEAST,
    ) -> None:
        self._app = app
        self._between_pieces = between_pieces
        self._to_answer = to_answer
        self._at_least = at_least

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        body_ended = answering = False
        left = self._at_least

        async def receive_in_time() -> Message:
            nonlocal body_ended, left
            if body_ended:
                return await receive()  # waits for the end of the connection, however long
            limit.reschedule(None)
            began = loop.time()
            try:
                async with asyncio.timeout(min(self._between_pieces, left)):
                    message = await receive()
            except TimeoutError:
                raise _too_slow(self._between_pieces, left) from None
            earned = len(message.get("body", b"")) / SLOWEST_BYTES_PER_SECOND
            left = min(self._at_least, left - (loop.time() - began) + earned)
            body_ended = not message.get("more_body")
            limit.reschedule(None if answering else loop.time() + self._to_answer)
            return message

        async def send_begun(message: Message) -> None:
            nonlocal answering
            answering = True
            limit.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self._to_answer) as limit:
                await self._app(scope, receive_in_time, send_begun)
        except TimeoutError:
            if not limit.expired():
                raise
            message = f"The request was not done within {self._to_answer:g} s; try again."
            await error_answer(Request(scope), 503, message)(scope, receive, send)


def _too_slow(between_pieces: float, left: float) -> HTTPException:
    if between_pieces <= left:
        message = f"Nothing of the body has arrived for {between_pieces:g} s."
    else:
        message = f"The body arrives more slowly than {SLOWEST_BYTES_PER_SECOND // 1000} kB a second."
    return HTTPException(408, message, {"Connection": "close"})
