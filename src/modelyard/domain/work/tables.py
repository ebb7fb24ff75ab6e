"""The tables of the platform's own durable background work, and of the processes that do it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from modelyard.core.database import BIG_INTEGER, Base


class WorkState(StrEnum):
    """Where a piece of work stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Work(Base):
    """One piece of work. A claimed one belongs to `owner` as long as its heartbeat is fresh."""

    __tablename__ = "work"
    __table_args__ = (Index(None, "state", "run_at"),)

    id: Mapped[int] = mapped_column(BIG_INTEGER, primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20))
    run_at: Mapped[datetime]
    attempts: Mapped[int]
    max_attempts: Mapped[int]
    owner: Mapped[str | None] = mapped_column(String(64))
    heartbeat_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Process(Base):
    """One process of the platform that works on this database. It lives as long as its `beat` goes on growing."""

    __tablename__ = "processes"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The owner of what it has claimed."""
    host: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(20))
    beat: Mapped[int] = mapped_column(BIG_INTEGER)
    started_at: Mapped[datetime]
    node: Mapped[dict[str, Any] | None]
    """What its machine has, see `domain/engines/nodes.py`; None as long as that is not known."""
