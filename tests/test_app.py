"""The platform as a whole: its parts go on whatever fails meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from modelyard.app import Adapters, Platform
from modelyard.core.clock import SystemClock
from modelyard.core.database import Database
from modelyard.settings import Settings
from tests.cast import CAST
from tests.domain.jobs.steps import read_job_row, submit
from tests.library import add_active
from tests.manual_clock import ManualClock


class HurriedClock(SystemClock):
    """The real time, but nobody sleeps for long."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))


@pytest.fixture
async def platform(settings: Settings, adapters: Adapters) -> Platform:
    """Prepared, but not running yet."""
    prepared = Platform(settings, replace(adapters, clock=HurriedClock()))
    await prepared.prepare()
    return prepared


async def _rename(database: Database, table: str, name: str) -> None:
    async with database.write() as session:
        await session.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


async def _told(logs: Sequence[Mapping[str, Any]], part: str) -> None:
    while not any(entry.get("part") == part for entry in logs):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_overdue_jobs_end_although_upkeep_has_failed(platform: Platform, clock: ManualClock) -> None:
    database = platform.database
    job = (await submit(database, clock, await add_active(database, CAST.alice), timeout_ms=1)).job
    with capture_logs() as logs:
        await _rename(database, "jobs", "away")
        async with asyncio.timeout(10), platform.running():
            await _told(logs, "upkeep")
            await _rename(database, "away", "jobs")
            while (await read_job_row(database, job.id)).status != "TIMEDOUT":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
