"""Writes the audit trail, always in the transaction of what it tells."""

import json
import unicodedata
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.audit.chain import append_at_commit


class Subject(Protocol):
    """Whoever acts."""

    @property
    def account_id(self) -> str | None:
        """Their account; None for the platform itself."""

    @property
    def label(self) -> str:
        """Their e-mail address or key, as people know it."""

    @property
    def user_id(self) -> str | None:
        """The person; None when there is none, or nobody knows."""

    @property
    def team_id(self) -> str | None:
        """The team that they act for."""

    @property
    def key_prefix(self) -> str | None:
        """The key that was used."""


@dataclass(frozen=True, slots=True)
class Outsider:
    """Who acts without being an actor: the platform itself, or somebody whom it does not know (yet)."""

    label: str
    account_id: str | None = None
    user_id: str | None = None
    key_prefix: str | None = None
    team_id: str | None = None


PLATFORM = Outsider("platform")
UNKNOWN = "unknown"
"""Stands for who does not even name themselves by an e-mail address."""
_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}


def record(session: AsyncSession, clock: Clock, subject: Subject, action: str, target: str, **details: Any) -> None:
    """Adds a row; it is written when the transaction is committed.

    Args:
        action: `thing:verb` or `thing:part:verb`, such as `model:version:activated`. An action belongs to one kind
            of target, and there are not many of either: lists rely on it.
        target: what it happened to, such as `model/ed542963de/1.0.1`.
        details: plain values, such as `before` and `after`; never secrets.
    """
    context = structlog.contextvars.get_contextvars()
    now = clock.now()
    append_at_commit(
        session,
        {
            "at": now.replace(microsecond=now.microsecond // 1000 * 1000),  # as exact as it is shown and exported
            "account_id": subject.account_id,
            "team_id": subject.team_id,
            "actor": clean(subject.label, 320),
            "user_id": subject.user_id,
            "key_prefix": clean(subject.key_prefix, 64) if subject.key_prefix else None,
            "address": clean(context.get("address", ""), 45),
            "request_id": clean(context.get("request_id", ""), 64),
            "action": clean(action, 80),
            "target": clean(target, 200),
            "details": json.loads(json.dumps(details, allow_nan=False)),  # as it will be read
        },
    )


def clean(text: object, longest: int) -> str:
    """A text that every database takes, and that shows all that is in it; an event must not fail what it tells."""
    readable = str(text)[:longest].encode(errors="replace").decode()
    return "".join(_escaped(character) for character in readable)[:longest]


def _escaped(character: str) -> str:
    """What would be no sign on one line, as its number: what strangers write could fool who reads the trail."""
    return f"\\u{ord(character):04x}" if unicodedata.category(character) in _UNSEEN else character
