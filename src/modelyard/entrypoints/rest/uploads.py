"""Reads files out of multipart requests of any dialect, streaming, with a limit."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from modelyard.core.errors import InvalidInput, TooLarge
from modelyard.entrypoints.rest.requests import confirm_caller

LARGEST_FIELD = 65_536
MOST_PARTS = 20
MOST_HEADERS = 20
LONGEST_HEADER = 8_192
FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}
"""What the OpenAPI document says of routes that take a file."""


class UploadRejected(InvalidInput):
    """The request holds no such file, or is not whole."""


Sink = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True)
class UploadedPart:
    """What came with the file: its name and type as the sender says, its size in bytes, and the plain fields."""

    file_name: str = ""
    media_type: str = "application/octet-stream"
    size: int = 0
    fields: dict[str, str] = field(default_factory=dict)
    is_there: bool = False


@dataclass(slots=True)
class FilePart(UploadedPart):
    """A small file in memory."""

    data: bytes = b""


async def read_file_part(request: Request, *, name: str, max_bytes: int) -> FilePart:
    """Reads a small file into memory. Raises UploadRejected, TooLarge."""
    chunks: list[bytes] = []

    async def keep(chunk: bytes) -> None:
        chunks.append(chunk)

    part = await stream_file_part(request, name=name, max_bytes=max_bytes, sink=keep)
    return FilePart(part.file_name, part.media_type, part.size, part.fields, part.is_there, b"".join(chunks))


async def stream_file_part(request: Request, *, name: str, max_bytes: int, sink: Sink) -> UploadedPart:
    """Gives the bytes of the part to the sink as they arrive.

    The part is the first one of this name, or else the first one that has a file name. Any multipart type will do.
    Raises UploadRejected, TooLarge.
    """
    incoming = IncomingPart(request, name=name, max_bytes=max_bytes)
    async for piece in incoming.pieces():
        await sink(piece)
    return incoming.part


class IncomingPart:
    """The same for who takes the bytes himself.

    Args:
        takes_nameless: that a part without any name will do as well.
    """

    def __init__(
        self, request: Request, *, name: str, max_bytes: int | None = None, takes_nameless: bool = False
    ) -> None:
        self.part = UploadedPart()
        """What is known of the part so far."""
        self._request = request
        self._reader = _Reader(self.part, name, max_bytes, takes_nameless=takes_nameless)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes as they arrive. Raises UploadRejected, TooLarge; at the end also as `confirm_caller`."""
        self._reader.begin(_boundary(self._request))
        try:
            async for chunk in self._request.stream():
                for piece in self._reader.feed(chunk):
                    yield piece
        except ClientDisconnect:
            raise UploadRejected("The connection ended before the whole file had arrived; send it again.") from None
        self._reader.end()
        await confirm_caller(self._request)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not kind.startswith(b"multipart/") or not 1 <= len(boundary) <= 200:
        raise UploadRejected("The body must be multipart/form-data with the file as a part.")
    return boundary


class _Reader:
    """Follows the parser's events and keeps the wanted part apart from the fields."""

    def __init__(self, part: UploadedPart, name: str, max_bytes: int | None, *, takes_nameless: bool) -> None:
        self._part = part
        self._name = name
        self._max_bytes = max_bytes
        self._takes_nameless = takes_nameless
        self._pieces: list[bytes] = []
        self._parts = 0
        self._ended = False
        self._header_name = b""
        self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        self._target = ""
        self._is_wanted = False
        self._parser: MultipartParser
        self._edge = b""
        self._fed = b""
        self._may_be_edge = True
        """That the parser has seen what may be the beginning of an edge."""

    def begin(self, boundary: bytes) -> None:
        """Makes itself ready for a body."""
        self._edge = b"\r\n--" + boundary
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._finish_part,
                "on_header_field": self._add_name,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._choose,
                "on_end": self._finish,
            },
        )

    def feed(self, chunk: bytes) -> list[bytes]:
        """Parses a chunk and returns what of it belongs to the file."""
        self._pieces = []
        plain = self._plain_bytes_of(chunk) if self._is_wanted and not self._may_be_edge else 0
        if plain:
            self._data(chunk, 0, plain)
        if plain < len(chunk):
            try:
                self._parser.write(chunk[plain:])
            except MultipartParseError as error:
                raise UploadRejected(f"The multipart body is broken: {error}") from None
        self._fed = (self._fed + chunk)[-len(self._edge) - 1 :]  # the parser looks one byte beyond an edge
        self._may_be_edge = self._plain_bytes_of(self._fed) < len(self._fed)
        return self._pieces

    def _plain_bytes_of(self, data: bytes) -> int:
        """How many bytes at the beginning cannot be of an edge between parts, nor the beginning of one.

        The parser looks at single bytes, which takes ten times as long: it gets only what is near an edge.
        """
        found = data.find(self._edge)
        if found >= 0:
            return found
        at = data.find(b"\r", max(0, len(data) - len(self._edge) + 1))
        while at >= 0 and not self._edge.startswith(data[at:]):
            at = data.find(b"\r", at + 1)
        return len(data) if at < 0 else at

    def end(self) -> None:
        """Checks that everything has arrived."""
        if not self._ended:
            raise UploadRejected("The multipart body ends too early; send it again.")
        if not self._part.is_there:
            raise UploadRejected(f"The multipart body has no file part named {self._name!r}.")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise UploadRejected(f"The multipart body has more than {MOST_PARTS} parts.")
        self._headers = {}

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        self._check_header()

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        too_long = len(self._header_name) + len(self._header_value) > LONGEST_HEADER
        if too_long or len(self._headers) >= MOST_HEADERS:
            raise UploadRejected("A part of the multipart body has too many or too long headers.")

    def _end_header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _choose(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._target = options.get(b"name", b"").decode(errors="replace")
        file_name = options.get(b"filename")
        is_nameless = self._takes_nameless and not self._target
        is_file = self._target == self._name or file_name is not None or is_nameless
        self._is_wanted = not self._part.is_there and is_file
        if self._is_wanted:
            self._part.is_there = True
            self._part.file_name = (file_name or b"").decode(errors="replace")
            media_type = self._headers.get(b"content-type", b"").decode("latin-1").split(";")[0].strip()
            self._part.media_type = media_type or self._part.media_type

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_wanted:
            known = self._part.fields.get(self._target, "")
            if len(known) < LARGEST_FIELD:
                self._part.fields[self._target] = known + data[start:end].decode(errors="replace")
            return
        self._part.size += end - start
        if self._max_bytes is not None and self._part.size > self._max_bytes:
            raise TooLarge(f"The file is larger than {self._max_bytes} bytes.")
        self._pieces.append(data[start:end])

    def _finish_part(self) -> None:
        self._is_wanted = False

    def _finish(self) -> None:
        self._ended = True
