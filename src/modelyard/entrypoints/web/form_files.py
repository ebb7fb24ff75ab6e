"""Reads forms that have files in them, with limits on all that a sender decides."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from email.message import Message

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from modelyard.core.errors import TooLarge
from modelyard.entrypoints.rest.requests import confirm_caller
from modelyard.entrypoints.rest.uploads import UploadRejected
from modelyard.entrypoints.web.wording import size as worded_size


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that somebody chose, with the media type that their browser gives it."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FormWithFiles:
    """What was filled in; a file field in which nothing was chosen is not there."""

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, SentFile] = field(default_factory=dict)


async def read_form_with_files(request: Request, *, most_parts: int, max_bytes: int) -> FormWithFiles:
    """The fields and files of a multipart form; the first of each name.

    Raises UploadRejected, TooLarge, and as `confirm_caller`.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UploadRejected("The form must be sent as multipart/form-data, as its page does.")
    if _charset_of(request) != "utf-8":  # else its sender chooses by which of Python's codecs it is read
        raise UploadRejected("The form must be sent in UTF-8, as its page does.")
    parser = MultiPartParser(
        request.headers,
        _limited(request, max_bytes),
        max_files=most_parts,
        max_fields=most_parts,
        max_part_size=max_bytes,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise UploadRejected(f"The form could not be read: {error.message}") from None
    except ClientDisconnect:
        raise UploadRejected("The connection ended before the whole form had arrived; send it again.") from None
    await confirm_caller(request)
    found = FormWithFiles()
    try:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                found.texts.setdefault(name, value)
            elif value.filename:
                found.files.setdefault(name, SentFile(_media_type(value), await value.read()))
    finally:
        await form.close()
    return found


def _charset_of(request: Request) -> str:
    head = Message()
    head["content-type"] = request.headers.get("content-type", "")
    return str(head.get_content_charset("utf-8"))


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes:
            raise TooLarge(
                f"A page takes at most {worded_size(max_bytes)} at once; send larger inputs with `modelyard run`."
            )
        yield chunk


def _media_type(file: UploadFile) -> str:
    return (file.content_type or "").split(";")[0].strip().lower()
