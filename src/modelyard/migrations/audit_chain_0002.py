"""Chains the audit events that were written before there was a chain; a part of revision 0002, frozen with it."""

import hashlib
import json
from datetime import UTC
from typing import Any

import sqlalchemy as sa

from modelyard.core.database import UtcDateTime

_TEXTS = (
    *("account_id", "team_id", "actor", "user_id", "key_prefix"),
    *("address", "request_id", "action", "target"),
)
_EVENTS = sa.table(
    "audit_events",
    sa.column("id", sa.Integer),
    sa.column("at", UtcDateTime(timezone=True)),
    *(sa.column(name, sa.String) for name in (*_TEXTS, "previous_hash", "hash")),
    sa.column("details", sa.JSON),
)
_CHAIN = sa.table("audit_chain", *map(sa.column, ("id", "last_id", "last_hash", "anchor_id", "anchor_hash")))
_BEGINNING = "0" * 64
_AT_ONCE = 1000


def chain_events(connection: sa.Connection) -> None:
    """Numbers all rows without gaps, chains them, and writes the head."""
    done, number, last_hash = 0, 0, _BEGINNING
    query = sa.select(_EVENTS).order_by(_EVENTS.c.id).limit(_AT_ONCE)
    while rows := connection.execute(query.where(_EVENTS.c.id > done)).mappings().all():
        for row in rows:
            done, number = row["id"], number + 1
            values = {"id": number, "previous_hash": last_hash}
            last_hash = _digest({**row, **values})
            connection.execute(sa.update(_EVENTS).where(_EVENTS.c.id == done).values(**values, hash=last_hash))
    head = {"id": 1, "last_id": number, "last_hash": last_hash, "anchor_id": 0, "anchor_hash": _BEGINNING}
    connection.execute(sa.insert(_CHAIN), head)


def _digest(row: dict[str, Any]) -> str:
    members = {name: row[name] for name in (*_TEXTS, "id", "details", "previous_hash")}
    members["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
