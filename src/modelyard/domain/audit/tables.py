"""The tables of the audit trail: what happened, each row chained to the one before it, and the head of the chain."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from modelyard.core.database import BIG_INTEGER, Base

BEGINNING = "0" * 64
"""Stands for the hash of the row before the first."""


class AuditEvent(Base):
    """Somebody did something to something. Rows are never changed; ids have no gaps."""

    __tablename__ = "audit_events"
    __table_args__ = (
        # Each index ends with the time, so that the newest of what it finds come first without sorting.
        Index(None, "at"),
        Index(None, "request_id"),
        Index(None, "target", "at"),
        Index(None, "action", "at"),
        Index(None, "action", "target"),
        Index(None, "account_id", "action", "at"),
        Index(None, "team_id", "action", "at"),
        Index(None, "user_id", "actor", "account_id", "action", "at"),
        Index(None, "actor", "account_id", "action", "at"),
    )

    id: Mapped[int] = mapped_column(BIG_INTEGER, primary_key=True)
    at: Mapped[datetime]
    account_id: Mapped[str | None] = mapped_column(String(36))
    team_id: Mapped[str | None] = mapped_column(String(36))
    """The team that they acted for."""
    actor: Mapped[str] = mapped_column(String(320))
    user_id: Mapped[str | None] = mapped_column(String(36))
    key_prefix: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(45), default="", server_default="")
    """Where the request came from; empty for what the platform did by itself."""
    request_id: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(80))
    target: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    hash: Mapped[str] = mapped_column(String(64), default="", server_default="")


class AuditChain(Base):
    """The one row that says where the chain begins and ends: cutting off either end shows."""

    __tablename__ = "audit_chain"

    id: Mapped[int] = mapped_column(primary_key=True)
    last_id: Mapped[int] = mapped_column(BIG_INTEGER)
    last_hash: Mapped[str] = mapped_column(String(64))
    anchor_id: Mapped[int] = mapped_column(BIG_INTEGER)
    """The last row that was removed because it had been kept long enough; 0: none was."""
    anchor_hash: Mapped[str] = mapped_column(String(64))
