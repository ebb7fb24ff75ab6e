"""Takes in an exported model: read while it arrives, files stored, then one transaction makes all of it count."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from fastapi import Request

from modelyard.adapters.imaging.base import Cutting, Size
from modelyard.app import Platform
from modelyard.core.ids import new_model_id, new_uuid
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.loose_files import announced
from modelyard.domain.models.picture_files import PICTURE, SNAPSHOT, NewPicture
from modelyard.domain.models.pictures import Words
from modelyard.domain.transfer.model_arrival import Arrival, ArrivingModel, ArrivingVersion
from modelyard.domain.transfer.model_import import ModelImport
from modelyard.domain.transfer.model_place import Place, find_place
from modelyard.domain.transfer.model_reading import HeldFile, ReadingLimits, ReceivedFile, read_model_export
from modelyard.entrypoints.rest.intake import CHECK_BYTES, DiskFull, require_room
from modelyard.entrypoints.rest.model_export_documents import ReadFile, read_documents
from modelyard.entrypoints.rest.picture_intake import stored_picture
from modelyard.entrypoints.rest.uploads import UploadRejected, stream_file_part

_CHUNK = 1_048_576
_SMALLEST = (16, 16)
"""What was cut before has passed the larger limit; a long and narrow snapshot has become small by that."""


async def import_model_export(platform: Platform, actor: Actor, request: Request) -> Arrival:
    """Imports the file in a request, all of it or nothing. Raises what any step of it raises."""
    async with contextlib.AsyncExitStack() as stack:
        received = await stack.enter_async_context(_received(platform, request))
        spare = new_model_id()
        found = await asyncio.to_thread(read_documents, received, platform.registry)
        async with platform.database.read() as session:
            place = await find_place(session, actor, found.model.identifier, spare)
        model = await _with_files(platform, stack, received, found, place)
        async with platform.database.write() as session:
            running = ModelImport(session, platform.clock, platform.sealer, actor, platform.settings.processing_engines)
            arrival = await running.run(model, spare)
        for path in arrival.requested:  # belong to the imports of images from now on
            received.files = {name: held for name, held in received.files.items() if str(held.path) != path}
    return arrival


@contextlib.asynccontextmanager
async def _received(platform: Platform, request: Request) -> AsyncIterator[ReceivedFile]:
    """What the file holds; its files last as long as the block, but for those that are taken away in it."""
    limits = ReadingLimits(platform.settings.max_upload_bytes, platform.settings.max_test_input_bytes)
    received = await _receive(request, platform.uploads, limits)
    try:
        yield received
    finally:
        await asyncio.to_thread(received.remove)


async def _receive(request: Request, directory: Path, limits: ReadingLimits) -> ReceivedFile:
    """A thread reads what comes out at the other end of a pair of sockets, which holds little."""
    loop = asyncio.get_running_loop()
    entry, exit_ = socket.socketpair()
    entry.setblocking(False)
    with ThreadPoolExecutor(1, "exported model") as thread:
        reading = loop.run_in_executor(thread, _read_from, exit_, directory, limits)
        try:
            with contextlib.closing(entry):
                await _send(request, entry, directory, limits.whole)
            return await reading
        except BaseException as error:
            received = (await asyncio.gather(reading, return_exceptions=True))[0]
            if isinstance(received, ReceivedFile):
                received.remove()
            elif isinstance(error, BrokenPipeError | ConnectionResetError):
                raise _as_ours(received) from None  # why nobody reads any more
            raise


async def _send(request: Request, entry: socket.socket, directory: Path, most: int) -> None:
    loop = asyncio.get_running_loop()
    unchecked = CHECK_BYTES

    async def send(chunk: bytes) -> None:
        nonlocal unchecked
        unchecked += len(chunk)
        if unchecked > CHECK_BYTES:
            require_room(directory)
            unchecked = 0
        await loop.sock_sendall(entry, chunk)

    require_room(directory)
    await stream_file_part(request, name="file", max_bytes=most, sink=send)


def _read_from(exit_: socket.socket, directory: Path, limits: ReadingLimits) -> ReceivedFile:
    with exit_, exit_.makefile("rb", buffering=_CHUNK) as file:
        try:
            return read_model_export(file.read, directory, limits)
        except OSError as error:
            raise DiskFull from error


def _as_ours(error: object) -> BaseException:
    return error if isinstance(error, BaseException) else UploadRejected("The file could not be read; send it again.")


async def _with_files(
    platform: Platform, stack: contextlib.AsyncExitStack, received: ReceivedFile, found: ReadFile, place: Place
) -> ArrivingModel:
    """The model with its pictures and test inputs stored, as far as they are needed."""
    model = found.model
    versions = tuple(
        [
            version if version.version in place.versions else await _with_inputs(platform, stack, found, place, version)
            for version in model.versions
        ]
    )
    model = replace(model, versions=versions)
    if not place.is_new:
        return model
    pictures = [
        (name, (await _picture(platform, stack, received.files[name], name), words))
        for name, words in found.pictures.items()
    ]
    own: list[tuple[NewPicture, Words]] = [each for name, each in pictures if "snapshot" not in name]
    snapshots = tuple(each for name, each in pictures if "snapshot" in name)
    return replace(model, picture=own[0] if own else None, snapshots=snapshots)


async def _picture(platform: Platform, stack: contextlib.AsyncExitStack, held: HeldFile, name: str) -> NewPicture:
    sizes: dict[str, Size] = dict((SNAPSHOT if "snapshot" in name else PICTURE).sizes)
    data = await asyncio.to_thread(held.path.read_bytes)
    return await stack.enter_async_context(stored_picture(platform, data, Cutting(sizes, _SMALLEST)))


async def _with_inputs(
    platform: Platform, stack: contextlib.AsyncExitStack, found: ReadFile, place: Place, version: ArrivingVersion
) -> ArrivingVersion:
    stored = [
        replace(
            file,
            storage_key=await stack.enter_async_context(
                _stored(platform, place.model_id, found.test_inputs[version.version, file.name])
            ),
        )
        for file in version.test_inputs
    ]
    return replace(version, test_inputs=tuple(stored))


@contextlib.asynccontextmanager
async def _stored(platform: Platform, model_id: str, held: HeldFile) -> AsyncIterator[str]:
    """The key of a stored test input; it is removed unless the block claims it."""
    key = f"test-inputs/{model_id}/{new_uuid()}"
    async with announced(platform.database, platform.clock, platform.storage, [key]):
        await platform.storage.put_stream(key, _chunks(held.path))
        yield key


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
