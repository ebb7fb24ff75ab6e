"""Reads the report of a version: what was measured, whether it still holds, and what follows from it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.catalog import find_version
from modelyard.domain.models.requirements import EDGE_ID, list_presets
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests.report import Measurements, from_json
from modelyard.domain.version_tests.staleness import basis_of, what_changed
from modelyard.domain.version_tests.suggest_engines import EngineSuggestion, suggest_engines
from modelyard.domain.version_tests.suggest_preset import PresetOption, PresetSuggestion, suggest_preset
from modelyard.domain.version_tests.suggest_timeouts import (
    TimeoutSuggestion,
    suggest_run_timeout,
    suggest_status_timeout,
)
from modelyard.domain.version_tests.tables import ReportState, TestKind, TestReport, TestState, VersionTest


class NoReport(Conflict):
    """No test of the version has left a report."""

    def __init__(self, version: Version) -> None:
        number = version.version
        if version.requirement_id == EDGE_ID:
            super().__init__(f"Version {number} runs on edge devices and is not tested here, so it has no report.")
        else:
            super().__init__(
                f"No test of version {number} has ended since reports are kept; "
                "start one with POST load-process, then POST run-process."
            )


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What follows from the measurements; None where they do not say."""

    preset: PresetSuggestion | None = None
    status_timeout: TimeoutSuggestion | None = None
    run_timeout: TimeoutSuggestion | None = None
    engines: EngineSuggestion | None = None


@dataclass(frozen=True, slots=True)
class VersionReport:
    """The report of a version for one reader."""

    model_id: str
    model_name: str
    version: str
    kind: TestKind
    passed: bool
    error: str | None
    state: ReportState
    step_name: str
    percentage: int
    created_at: datetime
    finished_at: datetime | None
    changed_since: tuple[str, ...]
    """What is no longer as it was tested; empty when the report holds."""
    measured: Measurements
    suggestions: Suggestions


async def read_report(session: AsyncSession, actor: Actor, model_id: str, version: str) -> VersionReport:
    """The report of a version that the actor may see; presets are suggested of those that they may choose.

    Raises ModelNotFound, VersionNotFound, NoReport.
    """
    row = await find_version(session, actor, model_id, version)
    report = await session.get(TestReport, row.id)
    if report is None:
        raise NoReport(row)
    test = await session.get_one(VersionTest, report.test_id)
    kind = TestKind(test.kind)
    measured = from_json(report.measurements)
    return VersionReport(
        model_id=row.model_id,
        model_name=row.model.name,
        version=row.version,
        kind=kind,
        passed=test.state == TestState.PASSED,
        error=test.error,
        state=ReportState(report.state),
        step_name=report.step_name,
        percentage=report.percentage,
        created_at=report.created_at,
        finished_at=report.finished_at,
        changed_since=what_changed(report.basis, basis_of(row, kind)),
        measured=measured,
        suggestions=suggest(measured, await _options(session, actor, model_id)),
    )


async def find_progress(session: AsyncSession, test: VersionTest) -> TestReport | None:
    """The report that a test left, for showing how far its measurement is; None once a newer test left one."""
    report = await session.get(TestReport, test.version_id)
    return report if report is not None and report.test_id == test.id else None


def suggest(measured: Measurements, options: list[PresetOption]) -> Suggestions:
    """Everything that the measurements suggest."""
    start, use, hardware = measured.start, measured.use, measured.hardware
    has_load = bool(measured.levels)
    return Suggestions(
        preset=suggest_preset(options, use, hardware) if use and hardware else None,
        status_timeout=suggest_status_timeout(start) if start else None,
        run_timeout=suggest_run_timeout(measured.first_call_ms, measured.levels),
        engines=suggest_engines(start, hardware, measured.levels) if start and hardware and has_load else None,
    )


async def _options(session: AsyncSession, actor: Actor, model_id: str) -> list[PresetOption]:
    return [
        PresetOption(preset.id, preset.name, preset.cpu_millis, preset.memory_bytes, preset.gpu_units)
        for preset in await list_presets(session, actor.account_id, model_id)
        if preset.id != EDGE_ID
    ]
