"""Writes the audit trail, always in the transaction of what it tells."""

from typing import Any, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.audit.tables import AuditEvent


class Subject(Protocol):
    """Whoever acts."""

    @property
    def account_id(self) -> str | None:
        """Their account; None for the platform itself."""

    @property
    def label(self) -> str:
        """Their e-mail address or key, as people know it."""


def record(session: AsyncSession, clock: Clock, subject: Subject, action: str, target: str, **details: Any) -> None:
    """Adds a row.

    Args:
        action: `thing:part:verb`, such as `model:version:activated`.
        target: what it happened to, such as `model/ed542963de/1.0.1`.
        details: plain values; never secrets.
    """
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    session.add(
        AuditEvent(
            at=clock.now(),
            account_id=subject.account_id,
            actor=subject.label,
            action=action,
            target=target,
            details=details,
            request_id=request_id,
        )
    )
