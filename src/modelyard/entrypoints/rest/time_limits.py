"""Limits on the time of a request: while its body arrives, and from there until its answer begins."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelyard.entrypoints.rest.errors import error_answer

SECONDS_BETWEEN_PIECES = 30.0
SECONDS_TO_ANSWER = 120.0


class TimeLimits:
    """Ends requests whose sender falls silent, and those that are worked on for too long.

    A large upload may take as long as it needs while it goes on arriving, and so may the body of an answer.
    """

    def __init__(
        self, app: ASGIApp, *, between_pieces: float = SECONDS_BETWEEN_PIECES, to_answer: float = SECONDS_TO_ANSWER
    ) -> None:
        self._app = app
        self._between_pieces = between_pieces
        self._to_answer = to_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        body_ended = answering = False

        async def receive_in_time() -> Message:
            nonlocal body_ended
            if body_ended:
                return await receive()  # waits for the end of the connection, however long
            limit.reschedule(None)
            try:
                async with asyncio.timeout(self._between_pieces):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, f"Nothing of the body has arrived for {self._between_pieces:g} s.") from None
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
