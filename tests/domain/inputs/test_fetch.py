"""Single inputs are fetched in their time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modelyard.adapters.sources.base import S3Access, SourceNotReachable
from modelyard.adapters.sources.fake import FakeSources
from modelyard.adapters.storage.base import StorageUnavailable
from modelyard.core.clock import SystemClock
from modelyard.core.destinations import HostUnknown
from modelyard.domain.inputs import fetch
from modelyard.domain.inputs.fetch import Fetcher, NotFetched, Room, Share


class _FullDisk:
    """Has room after some tries."""

    def __init__(self, tries: int) -> None:
        self.left = tries

    async def write(self, pieces: AsyncIterator[bytes]) -> Path:
        if self.left:
            self.left -= 1
            raise StorageUnavailable("the disk is full")
        async for _ in pieces:
            pass
        return Path("/there")


async def test_waiting_for_room_on_the_disk_is_not_at_the_cost_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SECONDS_UNTIL_THERE_IS_ROOM", 0.3)
    disk = _FullDisk(tries=4)
    fetcher = Fetcher(FakeSources({"b": {"k": b"x" * 100}}), SystemClock(), most_at_once=1, seconds=0.6)
    place = {"container": "b", "key": "k"}
    async with fetcher.opened(S3Access("a", "b", "c")) as objects:
        share = Share(Room(), disk, largest_in_memory=10, is_first=True, user_id="alice")
        fetched = await fetcher.fetch(objects, "input.txt", place, most_bytes=1000, share=share)

    assert (fetched, disk.left) == (Path("/there"), 0)


def test_a_host_that_nobody_knows_is_the_callers() -> None:
    unknown, away = NotFetched("input.txt", HostUnknown("nowhere.example")), NotFetched("a", SourceNotReachable("away"))

    assert unknown.is_callers
    assert "check its name" in unknown.message
    assert not away.is_callers
    assert "submit the item again later" in away.message
