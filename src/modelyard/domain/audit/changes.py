"""What the audit trail keeps of a change: the fields that differ, before and after, long ones shortened."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.audit.record import Subject, record

LONGEST_TEXT = 500
LONGEST_LIST = 5000
"""Characters of JSON of what is not a text."""


def record_change(
    session: AsyncSession,
    clock: Clock,
    subject: Subject,
    action: str,
    target: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    **details: Any,
) -> bool:
    """Adds a row as `record` does, with the fields that differ; none when none does. Returns whether one does."""
    facts = differences(before, after)
    if facts:
        record(session, clock, subject, action, target, **facts, **details)
    return bool(facts)


def before_and_after(row: object, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns that would change: what the row holds in them, and what is wanted."""
    after = {column: value for column, value in wanted.items() if getattr(row, column) != value}
    return {column: getattr(row, column) for column in after}, after


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`before` and `after` with the fields that differ; nothing when none does."""
    names = sorted(name for name in after if before.get(name) != after[name])
    if not names:
        return {}
    return {
        "before": {name: shortened(before.get(name)) for name in names},
        "after": {name: shortened(after[name]) for name in names},
    }


def shortened(value: Any) -> Any:
    """The value, or of one that is long its beginning and how many characters it has; times as texts."""
    if isinstance(value, datetime):
        return value.isoformat()
    is_text = isinstance(value, str)
    text = value if is_text else json.dumps(value, ensure_ascii=False)
    longest = LONGEST_TEXT if is_text else LONGEST_LIST
    return value if len(text) <= longest else {"beginning": text[:LONGEST_TEXT], "length": len(text)}
