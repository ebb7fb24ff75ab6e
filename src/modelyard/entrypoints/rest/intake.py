"""Takes in files and images: bytes go to disk or storage first, then one transaction makes them count."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import Request

from modelyard.app import Platform
from modelyard.core.errors import InvalidInput, Unavailable
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.images.request_import import request_load, request_pull
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.inputs.items import InputFacts, problem_of
from modelyard.domain.models import trial_files
from modelyard.domain.models.contract import DeclaredInput
from modelyard.domain.models.loose_files import announced
from modelyard.domain.models.versions import set_image
from modelyard.entrypoints.rest.uploads import UploadedPart, stream_file_part

SPARE_BYTES = 1_000_000_000
"""An upload that leaves less free disk than this is refused, and ended where it has begun."""
CHECK_BYTES = 33_554_432
"""The free disk is asked for after so many bytes."""


class DiskFull(Unavailable):
    """There is no room for an upload."""

    def __init__(self) -> None:
        super().__init__("The server's disk is full; free some space, then upload again.")


class TestFileNotAccepted(InvalidInput):
    """The test file is of another type than its input takes."""

    __test__ = False  # not a test for pytest

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem[:1].upper()}{problem[1:]}.")


async def pull_image(
    platform: Platform, actor: Actor, model_id: str, version: str, *, url: str, username: str, password: str
) -> ContainerImage:
    """Writes down that an image is to be pulled for a version."""
    reference = platform.registry.parse(url)
    async with platform.database.write() as session:
        image = await request_pull(
            session, platform.clock, platform.sealer, reference, username=username, password=password
        )
        await set_image(session, platform.clock, actor, model_id, version, image)
    return image


async def receive_archive(
    platform: Platform, actor: Actor, model_id: str, version: str, request: Request
) -> ContainerImage:
    """Streams an uploaded archive to disk, and writes down that it is to be imported."""
    path = platform.uploads / f"{new_uuid()}.tar"
    try:
        part = await _stream_to(path, request, platform.settings.max_upload_bytes)
        async with platform.database.write() as session:
            image = await request_load(session, platform.clock, path, file_name=part.file_name or "upload.tar")
            await set_image(session, platform.clock, actor, model_id, version, image)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return image


async def _stream_to(path: Path, request: Request, max_bytes: int) -> UploadedPart:
    file = await asyncio.to_thread(path.open, "wb")
    unchecked = CHECK_BYTES

    async def write(chunk: bytes) -> None:
        nonlocal unchecked
        unchecked += len(chunk)
        if unchecked > CHECK_BYTES:
            require_room(path.parent)
            unchecked = 0
        try:
            await asyncio.to_thread(file.write, chunk)
        except OSError:
            raise DiskFull from None

    try:
        require_room(path.parent)
        return await stream_file_part(request, name="file", max_bytes=max_bytes, sink=write)
    finally:
        await asyncio.to_thread(file.close)


def require_room(path: Path, more: int = 0) -> None:
    """Raises DiskFull unless the disk has room for so many bytes more."""
    if shutil.disk_usage(path).free < SPARE_BYTES + more:
        raise DiskFull


async def receive_test_input(
    platform: Platform,
    actor: Actor,
    model_id: str,
    version: str,
    name: str,
    request: Request,
    *,
    checks_type: bool = False,
) -> UploadedPart:
    """Streams a test file to the storage, and makes it count.

    Args:
        checks_type: whether the sender knows what the file is, so that one of another type is a mistake.
    """
    async with platform.database.read() as session:
        declared = await trial_files.require_input(session, actor, model_id, version, name)
    require_room(platform.data_dir)
    key = f"test-inputs/{model_id}/{new_uuid()}"
    limit = min(platform.settings.max_test_input_bytes, declared.maximum_size)
    chunks: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=8)

    async def receive() -> UploadedPart:
        try:
            return await stream_file_part(request, name="file", max_bytes=limit, sink=chunks.put)
        finally:
            if not _is_cancelled():  # nobody takes from the queue any more
                await chunks.put(None)

    async with announced(platform.database, platform.clock, platform.storage, [key]):
        receiving = asyncio.create_task(receive())
        try:
            await platform.storage.put_stream(key, _drain(chunks, receiving))
            part = await receiving
            if checks_type:
                _require_accepted(declared, part)
        except BaseException:
            receiving.cancel()
            raise
        async with platform.database.write() as session:
            await trial_files.set_test_input(
                session,
                platform.clock,
                actor,
                model_id,
                version,
                name=declared.name,
                file_name=part.file_name,
                media_type=part.media_type,
                size=part.size,
                storage_key=key,
            )
    return part


def _require_accepted(declared: DeclaredInput, part: UploadedPart) -> None:
    if problem := problem_of([InputFacts(declared.name, part.media_type, part.size)], (declared,)):
        raise TestFileNotAccepted(problem)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _drain(chunks: asyncio.Queue[bytes | None], receiving: asyncio.Task[UploadedPart]) -> AsyncIterator[bytes]:
    while (chunk := await chunks.get()) is not None:
        yield chunk
    await receiving  # raises what went wrong with the upload, so that nothing is stored
