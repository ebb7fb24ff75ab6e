"""Fetches single inputs from where they are: some at a time, retried, and bounded in size and time."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from modelyard.adapters.sources.base import AzureAccess, ObjectAccess, Objects, S3Access, SourceNotReachable, Sources
from modelyard.core.clock import Clock
from modelyard.core.errors import PlatformError, Unavailable
from modelyard.domain.inputs.kind import Access

MOST_TRIES = 3
FIRST_DELAY_SECONDS = 0.5
BYTES_TOGETHER = 67_108_864
"""Of inputs that wait in memory for one engine, unless a single item has more."""


class Postponed(Exception):
    """There is no room in memory for the input now."""


class NotFetched(PlatformError):
    """An input could not be had. `is_callers`: because of what the submission says."""

    def __init__(self, name: str, error: PlatformError) -> None:
        self.is_callers = not isinstance(error, Unavailable)
        advice = "" if self.is_callers else "; submit the item again later"
        super().__init__(f"the input {name!r} could not be fetched: {error.message}{advice}")


@dataclass(slots=True)
class Room:
    """Bytes that may still be fetched together. Who came first gets them in any case."""

    left: int = BYTES_TOGETHER

    def take(self, size: int, *, is_first: bool) -> None:
        """Raises Postponed."""
        if size > self.left and not is_first:
            raise Postponed
        self.left -= size


class Fetcher:
    """Fetches for the whole process.

    Args:
        most_at_once: inputs that are under way at the same time.
        seconds: what one input may take, with all tries.
    """

    def __init__(self, sources: Sources, clock: Clock, *, most_at_once: int, seconds: float) -> None:
        self.sources = sources
        self._clock = clock
        self._free = asyncio.Semaphore(most_at_once)
        self._seconds = seconds

    def opened(self, access: Access) -> AbstractAsyncContextManager[Objects]:
        """The object store of a job."""
        if not isinstance(access, S3Access | AzureAccess):
            raise TypeError("rows of a database have no location")
        wanted: ObjectAccess = access
        return self.sources.objects(wanted)

    async def fetch(
        self,
        objects: Objects,
        name: str,
        location: Mapping[str, str],
        *,
        most_bytes: int,
        room: Room,
        is_first: bool,
    ) -> bytes:
        """The bytes of one input. Raises NotFetched, Postponed."""
        async with self._free:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._patiently(objects, location, most_bytes, room, is_first)
            except TimeoutError:
                late = SourceNotReachable(f"the source did not deliver it within {self._seconds:g} seconds")
                raise NotFetched(name, late) from None
            except PlatformError as error:
                raise NotFetched(name, error) from None

    async def _patiently(
        self, objects: Objects, location: Mapping[str, str], most_bytes: int, room: Room, is_first: bool
    ) -> bytes:
        for attempt in range(MOST_TRIES):
            try:
                return await _read(objects, location, most_bytes, room, is_first)
            except Unavailable:
                if attempt == MOST_TRIES - 1:
                    raise
                await self._clock.sleep(FIRST_DELAY_SECONDS * 2**attempt)
        raise AssertionError("the last try returns or raises")


async def _read(objects: Objects, location: Mapping[str, str], most_bytes: int, room: Room, is_first: bool) -> bytes:
    chunks: list[bytes] = []
    try:
        async for chunk in objects.read(location["container"], location["key"], most_bytes=most_bytes):
            room.take(len(chunk), is_first=is_first)
            chunks.append(chunk)
    except BaseException:
        room.left += sum(map(len, chunks))
        raise
    return b"".join(chunks)
