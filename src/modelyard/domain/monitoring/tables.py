"""What is kept to look back: uses by day, samples of machines and engines, and alerts that have been."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from modelyard.core.database import BIG_INTEGER, Base


class UseDay(Base):
    """What one key did with one version on one day: the sums over jobs that ended on it, in UTC.

    Names no other tables: what was done outlives who did it and with what.
    """

    __tablename__ = "use_days"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    """As `2026-01-02`."""
    version_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Empty for none, so that it can be part of the key."""
    key_prefix: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(36))
    model_id: Mapped[str] = mapped_column(String(10))
    model_name: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(40))
    jobs: Mapped[int] = mapped_column(BigInteger)
    predictions: Mapped[int] = mapped_column(BigInteger)
    """Items that have a result."""
    failures: Mapped[int] = mapped_column(BigInteger)
    input_bytes: Mapped[int] = mapped_column(BigInteger)
    elapsed_ms: Mapped[int] = mapped_column(BigInteger)
    """For how long models worked."""


class UseMark(Base):
    """Until when jobs that ended are in `use_days`; those that ended then or later are not. One row at most."""

    __tablename__ = "use_marks"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    counted_until: Mapped[datetime]


class MachineUse(Base):
    """What one machine had and what its engines took of it at one time. Processors in thousandths."""

    __tablename__ = "machine_uses"

    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Seconds since 1970."""
    node: Mapped[str] = mapped_column(String(255), primary_key=True)
    cpu_available: Mapped[int] = mapped_column(BigInteger)
    cpu_requested: Mapped[int] = mapped_column(BigInteger)
    cpu_used: Mapped[int] = mapped_column(BigInteger)
    memory_available: Mapped[int] = mapped_column(BigInteger)
    memory_requested: Mapped[int] = mapped_column(BigInteger)
    memory_used: Mapped[int] = mapped_column(BigInteger)


class EngineUse(Base):
    """What one engine used at one time. Processors in thousandths."""

    __tablename__ = "engine_uses"
    __table_args__ = (Index(None, "at"),)

    engine_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Seconds since 1970."""
    cpu_used: Mapped[int] = mapped_column(BigInteger)
    memory_used: Mapped[int] = mapped_column(BigInteger)


class AlertRecord(Base):
    """That something asked for somebody's attention, from when until when."""

    __tablename__ = "alerts"
    __table_args__ = (Index(None, "ended_at"), Index(None, "raised_at"))

    id: Mapped[int] = mapped_column(BIG_INTEGER, primary_key=True)
    type: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(60))
    """What it is about: the identifier of a job or a model, the number of a version."""
    name: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(String(36))
    team_id: Mapped[str] = mapped_column(String(36))
    user_id: Mapped[str] = mapped_column(String(36))
    project_id: Mapped[str | None] = mapped_column(String(36))
    model_id: Mapped[str] = mapped_column(String(10))
    raised_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
