"""The tables of load tests and run tests, and of the reports that they leave."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from modelyard.core.database import BIG_INTEGER, Base


class TestKind(StrEnum):
    """Which test."""

    __test__ = False  # not a test for pytest
    LOAD = "load"
    RUN = "run"


class TestState(StrEnum):
    """Where a test stands."""

    __test__ = False
    QUEUED = "queued"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


class VersionTest(Base):
    """One test of one version. Of several of a kind the newest counts."""

    __tablename__ = "version_tests"
    __table_args__ = (Index(None, "version_id", "kind", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    step: Mapped[int]
    step_name: Mapped[str] = mapped_column(String(100))
    percentage: Mapped[int]
    explain: Mapped[bool]
    engine: Mapped[str | None] = mapped_column(String(100))
    input_size: Mapped[int] = mapped_column(BIG_INTEGER)
    outputs: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """JSON outputs by name; of others a note of type and size."""
    measurements: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the test found out, such as start_ms, ready_ms and peak_memory_bytes."""
    error: Mapped[str | None] = mapped_column(Text)
    technical_information: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ReportState(StrEnum):
    """Where a report stands."""

    MEASURING = "measuring"
    COMPLETED = "completed"
    ENDED_EARLY = "ended early"


class TestReport(Base):
    """What the newest test of a version left. It says nothing of whether the version may be active."""

    __test__ = False
    __tablename__ = "test_reports"

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    test_id: Mapped[int] = mapped_column(ForeignKey("version_tests.id"))
    state: Mapped[str] = mapped_column(String(20))
    step_name: Mapped[str] = mapped_column(String(100))
    percentage: Mapped[int]
    """Of the measurement after a run test."""
    basis: Mapped[dict[str, Any]]
    """What was tested: image, preset, contract, test files; a change of it makes the report stale."""
    measurements: Mapped[dict[str, Any]]
    """`Measurements` of report.py."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
