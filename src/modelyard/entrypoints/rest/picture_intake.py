"""Takes in pictures: cut in a process of their own, announced, stored, then one transaction makes them count."""

import contextlib
from collections.abc import AsyncIterator, Mapping

from fastapi import Request
from starlette.responses import Response

from modelyard.adapters.imaging.base import LARGEST_FILE, Cutting
from modelyard.app import Platform
from modelyard.domain.models.loose_files import announced
from modelyard.domain.models.picture_files import Address, NewPicture, name_picture
from modelyard.domain.models.pictures import Words
from modelyard.entrypoints.rest.uploads import read_file_part

FOR_EVER = "public, max-age=31536000, immutable"


async def read_picture_part(request: Request) -> tuple[bytes, Words]:
    """The file, and the words that came with it in the query or as fields."""
    part = await read_file_part(request, name="file", max_bytes=LARGEST_FILE)
    query: Mapping[str, str] = request.query_params
    caption = query.get("description") or query.get("caption")
    caption = caption or part.fields.get("caption") or part.fields.get("description")
    return part.data, Words(caption, query.get("alt") or part.fields.get("alt"))


@contextlib.asynccontextmanager
async def stored_picture(
    platform: Platform, data: bytes, wanted: Cutting, *, with_webp: bool = True
) -> AsyncIterator[NewPicture]:
    """A picture whose files are stored; they are removed unless the block claims them, whatever happens."""
    picture = name_picture(await platform.cutter.cut(data, wanted), with_webp=with_webp)
    async with announced(platform.database, platform.clock, platform.storage, picture.storage_keys):
        for address, content in picture.files.items():
            await platform.storage.put(address.storage_key, content)
        yield picture


def is_known(request: Request, address: Address) -> bool:
    """Whether the caller has the picture already: what an address shows never changes."""
    tags = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    return bool(tags & {etag_of(address), "*"})


def etag_of(address: Address) -> str:
    """What names the content of an address, quoted."""
    return f'"{address.text.encode("ascii", "backslashreplace").decode()}"'


def picture_answer(address: Address, content: bytes | None) -> Response:
    """A picture that may be kept for ever, or without content the answer to who has it already."""
    headers = {
        "Cache-Control": FOR_EVER,
        "ETag": etag_of(address),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",  # pages of others may show it
    }
    if content is None:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=address.media_type, headers=headers)
