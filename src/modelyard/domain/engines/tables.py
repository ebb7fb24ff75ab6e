"""The tables of engines: what should run, what runs, and how to find it again; and what stops versions from running."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from modelyard.core.database import Base


class EngineState(StrEnum):
    """Where an engine stands."""

    STARTING = "starting"
    READY = "ready"
    PAUSED = "paused"
    """It waits, frozen, for work to come."""
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


LIVE = (EngineState.STARTING, EngineState.READY, EngineState.PAUSED, EngineState.STOPPING)
"""States in which there may be a container."""


class Purpose(StrEnum):
    """What an engine is for."""

    SERVE = "serve"
    TEST = "test"


class Engine(Base):
    """One container of one version. Its row is written before the container is created."""

    __tablename__ = "engines"
    __table_args__ = (Index(None, "version_id", "state"), Index(None, "state"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    purpose: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    owner: Mapped[str] = mapped_column(String(64))
    container: Mapped[str | None] = mapped_column(String(200))
    protocol: Mapped[str | None] = mapped_column(String(40))
    port: Mapped[int | None]
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    technical_information: Mapped[str | None] = mapped_column(Text)


class LogRequest(Base):
    """Somebody at one process asks for what an engine prints that another process runs."""

    __tablename__ = "log_requests"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    engine_id: Mapped[str] = mapped_column(String(36))
    owner: Mapped[str] = mapped_column(String(64))
    """The process that is to answer."""
    lines: Mapped[int]
    follow: Mapped[bool]
    beat: Mapped[int]
    """It grows as long as somebody waits for the answer."""


class LogPiece(Base):
    """A part of the answer to such a request; removed when it is read."""

    __tablename__ = "log_pieces"

    request_id: Mapped[str] = mapped_column(ForeignKey("log_requests.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    is_last: Mapped[bool]
    error: Mapped[str | None] = mapped_column(Text)


class Situation(Base):
    """Why the jobs of a version wait, or that it is quarantined because its engines keep dying."""

    __tablename__ = "situations"

    version_id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    is_quarantine: Mapped[bool]
    since: Mapped[datetime]
