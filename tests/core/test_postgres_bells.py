"""Bells of other processes: who commits on one connection wakes who listens on another."""

import asyncio
from contextlib import suppress

import pytest

from modelyard.core.database import Database, ring_after_commit


@pytest.mark.postgres
async def test_bells_ring_in_other_processes(database: Database) -> None:
    other = Database(database.engine.url)
    assert other.telegraph is not None
    bell = other.bells.listen("loose files")
    listening = asyncio.create_task(other.telegraph.listen())
    try:
        async with asyncio.timeout(10):
            while not await bell.wait(0.2):  # it may not listen yet
                async with database.write() as session:
                    ring_after_commit(session, "loose files")
                assert not listening.done(), listening.result()
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await other.close()


async def test_own_bells_ring_without_a_line(database: Database) -> None:
    bell = database.bells.listen("items")
    async with database.write() as session:
        ring_after_commit(session, "items")

    assert bell.has_rung()
