"""Answers whose body is made piece by piece."""

from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response, StreamingResponse

LARGEST_WHOLE = 262_144
FOR_THE_CALLER_ALONE = {"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store"}
"""What a model wrote a browser may show, but must not run; and nobody else may keep it."""


async def answer_in_pieces(
    pieces: AsyncIterator[bytes], media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A small body as a whole, a large one as it comes. What goes wrong at the beginning is an error like any other.

    Once a large answer has begun, nothing but breaking it off can say that something went wrong.
    """
    begun: list[bytes] = []
    size = 0
    async for piece in pieces:
        begun.append(piece)
        size += len(piece)
        if size > LARGEST_WHOLE:
            body = _continued(b"".join(begun), pieces)
            return StreamingResponse(body, media_type=media_type, headers=headers)
    return Response(b"".join(begun), media_type=media_type, headers=headers)


async def _continued(begun: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begun
    async for piece in pieces:
        yield piece
