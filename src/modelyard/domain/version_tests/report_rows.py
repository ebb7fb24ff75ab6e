"""Writes the report of a version while it comes about; only the newest test of the version may."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests.report import Measurements, from_json, to_json
from modelyard.domain.version_tests.staleness import basis_of
from modelyard.domain.version_tests.tables import ReportState, TestKind, TestReport, VersionTest

COMPLETED_NAME, ENDED_EARLY_NAME = "Completed", "Ended early"


async def put_report(
    session: AsyncSession,
    clock: Clock,
    test: VersionTest,
    version: Version,
    measurements: Measurements,
    *,
    measures_on: bool = False,
) -> None:
    """Replaces the version's report by one of this test, unless a newer test has left one.

    Args:
        version: as it was tested, with image and test files.
        measures_on: True when a measurement follows.
    """
    row = await session.get(TestReport, version.id)
    if row is not None and row.test_id > test.id:
        return
    if row is None:
        row = TestReport(version_id=version.id)
        session.add(row)
    row.test_id = test.id
    row.state = ReportState.MEASURING if measures_on else ReportState.COMPLETED
    row.step_name = "Waiting to measure" if measures_on else COMPLETED_NAME
    row.percentage = 0 if measures_on else 100
    row.basis = basis_of(version, TestKind(test.kind))
    row.measurements = to_json(measurements)
    row.created_at = clock.now()
    row.finished_at = None if measures_on else row.created_at
    await session.flush()


async def note_progress(session: AsyncSession, test_id: int, step: str, percentage: int) -> None:
    """Says how far the measurement is, if the report is still of this test."""
    await _change(session, test_id, step_name=step[:100], percentage=percentage)


async def finish_report(session: AsyncSession, clock: Clock, test_id: int, measurements: Measurements) -> None:
    """Stores what was measured, whether all of it or less."""
    early = measurements.ended_early is not None
    await _change(
        session,
        test_id,
        state=ReportState.ENDED_EARLY if early else ReportState.COMPLETED,
        step_name=ENDED_EARLY_NAME if early else COMPLETED_NAME,
        percentage=100,
        measurements=to_json(measurements),
        finished_at=clock.now(),
    )


async def end_measuring(session: AsyncSession, clock: Clock, test_id: int, reason: str) -> bool:
    """Ends a measurement that nobody goes on with; what was stored before stays. False when none was under way."""
    query = select(TestReport).where(TestReport.test_id == test_id, TestReport.state == ReportState.MEASURING)
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        return False
    await finish_report(session, clock, test_id, replace(from_json(row.measurements), ended_early=reason))
    return True


async def _change(session: AsyncSession, test_id: int, **values: Any) -> None:
    mine = (TestReport.test_id == test_id, TestReport.state == ReportState.MEASURING)
    await session.execute(update(TestReport).where(*mine).values(**values))
