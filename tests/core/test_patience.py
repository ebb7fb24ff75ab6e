"""Who is patient goes on when what was away is back, and is cancelled meanwhile."""

import asyncio

import pytest

from modelyard.core.errors import NotFound, Unavailable
from modelyard.core.patience import LONGEST_PAUSE, patiently
from tests.manual_clock import ManualClock, RestlessClock


async def test_it_waits_longer_and_longer() -> None:
    clock = RestlessClock()
    tries = 0

    async def call() -> str:
        nonlocal tries
        tries += 1
        if tries < 10:
            raise Unavailable("away")
        return "done"

    assert await patiently(clock, call) == "done"
    assert clock.slept[:3] == [0.1, 0.2, 0.4]
    assert clock.slept[-1] == LONGEST_PAUSE


async def test_what_is_wrong_is_not_waited_for() -> None:
    async def call() -> None:
        raise NotFound("gone")

    with pytest.raises(NotFound):
        await patiently(RestlessClock(), call)


async def test_waiting_ends_when_it_is_cancelled() -> None:
    async def call() -> None:
        raise Unavailable("away")

    clock = ManualClock()
    task = asyncio.create_task(patiently(clock, call))
    while not clock.slept:  # noqa: ASYNC110 - the clock rings nothing
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
