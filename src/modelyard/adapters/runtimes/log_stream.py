"""Take a container's output apart: podman and docker send both streams in numbered, sized pieces."""

from collections import deque
from collections.abc import AsyncIterator

_HEADER = 8
_LONGEST_LINE = 65_536


async def log_pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The output without the headers (one byte stream number, three zeros, four bytes length)."""
    buffer = bytearray()
    async for chunk in chunks:
        buffer += chunk
        while len(buffer) >= _HEADER:
            end = _HEADER + int.from_bytes(buffer[4:_HEADER], "big")
            if len(buffer) < end:
                break
            yield bytes(buffer[_HEADER:end])
            del buffer[:end]


async def log_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The output line by line, without line ends. A line that never ends is cut."""
    rest = b""
    async for piece in log_pieces(chunks):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield _text(line)
        if len(rest) >= _LONGEST_LINE:
            yield _text(rest)
            rest = b""
    if rest:
        yield _text(rest)


async def last_bytes(chunks: AsyncIterator[bytes], limit: int) -> str:
    """The end of the output, at most so many bytes."""
    pieces: deque[bytes] = deque()
    size = 0
    async for piece in log_pieces(chunks):
        pieces.append(piece)
        size += len(piece)
        while size - len(pieces[0]) >= limit:
            size -= len(pieces.popleft())
    kept = b"".join(pieces)
    return kept[-limit:].decode(errors="ignore" if len(kept) > limit else "replace")


def last_lines(text: str, lines: int) -> str:
    """The end of a text, at most so many lines."""
    return "".join(text.splitlines(keepends=True)[-lines:])


def _text(line: bytes) -> str:
    return line.decode(errors="replace").removesuffix("\r")
