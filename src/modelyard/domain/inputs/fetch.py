"""Fetches single inputs from where they are: some at a time, retried, and bounded in size and time.

Small ones are in memory afterwards, large ones in files: never whole in memory.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from modelyard.adapters.container_protocols.base import InputData
from modelyard.adapters.sources.base import AzureAccess, ObjectAccess, Objects, S3Access, SourceNotReachable, Sources
from modelyard.adapters.storage.base import StorageUnavailable
from modelyard.core.clock import Clock
from modelyard.core.destinations import HostUnknown
from modelyard.core.errors import PlatformError, Unavailable
from modelyard.core.logs import log
from modelyard.domain.inputs.kind import Access

MOST_TRIES = 3
FIRST_DELAY_SECONDS = 0.5
SECONDS_UNTIL_THERE_IS_ROOM = 2.0
BYTES_TOGETHER = 16_777_216
"""Of inputs of one job that wait in memory for one engine, unless a single item has more."""
FILE_BYTES_TOGETHER = 268_435_456
"""The same of inputs in files."""
SLOWEST_BYTES_PER_SECOND = 1_048_576
"""What arrives at least so fast may take longer than the time for one input."""


class Postponed(Exception):
    """There is no room for the input now."""


def is_callers(error: PlatformError) -> bool:
    """Whether the submission is to blame that a source cannot be read, as for a host that nobody knows."""
    return not isinstance(error, Unavailable) or isinstance(error, HostUnknown)


class NotFetched(PlatformError):
    """An input could not be had. `is_callers`: because of what the submission says."""

    def __init__(self, name: str, error: PlatformError) -> None:
        self.is_callers = is_callers(error)
        advice = "" if self.is_callers else "; submit the item again later"
        super().__init__(f"the input {name!r} could not be fetched: {error.message}{advice}")


class Files(Protocol):
    """Where large inputs go."""

    async def write(self, pieces: AsyncIterator[bytes]) -> Path:
        """A new file with these bytes; when that fails, no file is left. Raises StorageUnavailable."""


@dataclass(slots=True)
class Room:
    """Bytes that may still be fetched together, in memory and in files. Who came first gets them in any case."""

    left: int = BYTES_TOGETHER
    files_left: int = FILE_BYTES_TOGETHER

    def take(self, size: int, *, is_first: bool) -> None:
        """Raises Postponed."""
        if size > self.left and not is_first:
            raise Postponed
        self.left -= size

    def take_in_file(self, size: int, *, is_first: bool) -> None:
        """Raises Postponed."""
        if size > self.files_left and not is_first:
            raise Postponed
        self.files_left -= size

    def give_back(self, *, in_memory: int, in_files: int) -> None:
        """What is not there any more."""
        self.left += in_memory
        self.files_left += in_files


@dataclass(frozen=True, slots=True)
class Share:
    """What one item has of the room, where its large inputs go, and whose it is."""

    room: Room
    files: Files
    largest_in_memory: int
    is_first: bool
    user_id: str


class Fetcher:
    """Fetches for the whole process.

    Args:
        most_at_once: inputs that are under way at the same time; a quarter of them may be of one user.
        seconds: what one input may take, with all tries; large ones get more while they arrive.
    """

    def __init__(self, sources: Sources, clock: Clock, *, most_at_once: int, seconds: float) -> None:
        self.sources = sources
        self._clock = clock
        self._free = asyncio.Semaphore(most_at_once)
        self._most_of_a_user = max(1, most_at_once // 4)
        self._free_of_users: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._seconds = seconds

    def opened(self, access: Access) -> AbstractAsyncContextManager[Objects]:
        """The object store of a job."""
        if not isinstance(access, S3Access | AzureAccess):
            raise TypeError("rows of a database have no location")
        wanted: ObjectAccess = access
        return self.sources.objects(wanted)

    async def fetch(
        self, objects: Objects, name: str, location: Mapping[str, str], *, most_bytes: int, share: Share
    ) -> InputData:
        """One input: its bytes, or a file where there are many. Raises NotFetched, Postponed."""
        of_user = self._free_of_users.get(share.user_id) or asyncio.Semaphore(self._most_of_a_user)
        self._free_of_users[share.user_id] = of_user
        async with of_user, self._free:
            try:
                async with asyncio.timeout(self._seconds) as limit:
                    source = _Source(objects, location, most_bytes, limit)
                    return await self._patiently(source, share)
            except TimeoutError:
                late = SourceNotReachable(f"the source did not deliver it within {self._seconds:g} seconds")
                raise NotFetched(name, late) from None
            except PlatformError as error:
                raise NotFetched(name, error) from None

    async def _patiently(self, source: "_Source", share: Share) -> InputData:
        attempt = 0
        while True:
            began = time.monotonic()
            try:
                return await _read(source, share)
            except StorageUnavailable as error:  # our own disk; not the source's fault, nor at the cost of its time
                log.warning("an input waits for room on the disk", reason=error.message)
                source.allow(time.monotonic() - began + SECONDS_UNTIL_THERE_IS_ROOM)
                await self._clock.sleep(SECONDS_UNTIL_THERE_IS_ROOM)
            except Unavailable:
                attempt += 1
                if attempt == MOST_TRIES:
                    raise
                await self._clock.sleep(FIRST_DELAY_SECONDS * 2 ** (attempt - 1))


class _Source:
    """One object, and the time that it still has."""

    def __init__(self, objects: Objects, location: Mapping[str, str], most_bytes: int, limit: asyncio.Timeout) -> None:
        self._objects = objects
        self._location = location
        self._most_bytes = most_bytes
        self._limit = limit

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Its bytes. Raises as `Objects.read`."""
        place = self._location
        async for piece in self._objects.read(place["container"], place["key"], most_bytes=self._most_bytes):
            self.allow(len(piece) / SLOWEST_BYTES_PER_SECOND)
            yield piece

    def allow(self, seconds: float) -> None:
        """Gives it more time."""
        if (deadline := self._limit.when()) is not None and not self._limit.expired():
            self._limit.reschedule(deadline + seconds)


async def _read(source: _Source, share: Share) -> InputData:
    head: list[bytes] = []
    size = 0
    is_kept = False
    try:
        async with aclosing(source.pieces()) as pieces:
            async for piece in pieces:
                share.room.take(len(piece), is_first=share.is_first)
                size += len(piece)
                head.append(piece)
                if size > share.largest_in_memory:
                    return await _write(head, pieces, share)
        is_kept = True
        return b"".join(head)
    finally:
        if not is_kept:
            share.room.left += size


async def _write(head: list[bytes], rest: AsyncIterator[bytes], share: Share) -> Path:
    """Goes on in a file."""
    taken = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        for piece in head:
            share.room.take_in_file(len(piece), is_first=share.is_first)
            taken += len(piece)
            yield piece
        head.clear()
        async for piece in rest:
            share.room.take_in_file(len(piece), is_first=share.is_first)
            taken += len(piece)
            yield piece

    try:
        return await share.files.write(pieces())
    except BaseException:
        share.room.files_left += taken
        raise
