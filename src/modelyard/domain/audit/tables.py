"""The table of the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from modelyard.core.database import Base


class AuditEvent(Base):
    """Somebody did something to something."""

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "target", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    account_id: Mapped[str | None] = mapped_column(String(36))
    actor: Mapped[str] = mapped_column(String(320))
    action: Mapped[str] = mapped_column(String(80))
    target: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]
    request_id: Mapped[str] = mapped_column(String(64))
