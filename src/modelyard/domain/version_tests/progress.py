"""Writes down how a test goes, in short transactions of their own."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.version_tests.outcomes import record_outcome
from modelyard.domain.version_tests.steps import COMPLETED, FAILED, Step
from modelyard.domain.version_tests.tables import TestState, VersionTest


class TestProgress:
    """The progress of one test."""

    __test__ = False

    def __init__(self, database: Database, clock: Clock, test: int) -> None:
        self._database = database
        self._clock = clock
        self._test = test

    async def enter(self, step: Step, **values: Any) -> None:
        """Enters a step."""
        async with self._database.write() as session:
            await self._write(session, step, state=TestState.RUNNING, **values)

    async def passed(self, session: AsyncSession, **values: Any) -> None:
        """Records success, in the transaction that records what follows from it."""
        await self._write(session, COMPLETED, state=TestState.PASSED, finished_at=self._clock.now(), **values)
        await record_outcome(session, self._clock, self._test, None)

    async def failed(self, error: PlatformError) -> None:
        """Records the reason."""
        async with self._database.write() as session:
            await self._write(
                session,
                FAILED,
                state=TestState.FAILED,
                finished_at=self._clock.now(),
                error=error.message,
                technical_information=error.technical_information,
            )
            await record_outcome(session, self._clock, self._test, error)

    async def _write(self, session: AsyncSession, step: Step, **values: Any) -> None:
        steps = {"step": step.number, "step_name": step.name, "percentage": step.percentage}
        await session.execute(update(VersionTest).where(VersionTest.id == self._test).values(**steps, **values))
