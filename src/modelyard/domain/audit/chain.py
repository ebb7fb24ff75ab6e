"""Chains the rows of the audit trail by hashes, so that none can be altered, removed or inserted unnoticed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from sqlalchemy import bindparam, event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from modelyard.core.database import run_before_commit
from modelyard.domain.audit.tables import BEGINNING, AuditChain, AuditEvent

MEMBERS = (
    "id",
    "at",
    "account_id",
    "team_id",
    "actor",
    "user_id",
    "key_prefix",
    "address",
    "request_id",
    "action",
    "target",
    "details",
    "previous_hash",
)
_WAITING = "events that wait for their place in the audit trail"
# Made once: to put a statement together takes longer than to execute it.
_HEAD = select(AuditChain.last_id, AuditChain.last_hash).with_for_update()
_ADD = insert(AuditEvent.__table__)  # type: ignore[arg-type]
_MOVE_HEAD = update(AuditChain).values(last_id=bindparam("id_now"), last_hash=bindparam("hash_now"))
_Waiting = list[tuple[SessionTransaction | None, dict[str, Any]]]


def digest(row: Mapping[str, Any]) -> str:
    """The hash of a row: SHA-256 over the JSON of its members, in the order of their names, without spaces."""
    members = {name: row[name] for name in MEMBERS}
    members["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def append_at_commit(session: AsyncSession, event_values: dict[str, Any]) -> None:
    """Adds a row at the end of the transaction, so that the end of the chain is locked only briefly."""
    savepoint = session.sync_session.get_nested_transaction()
    if savepoint and not event.contains(session.sync_session, "after_soft_rollback", _forget):
        event.listen(session.sync_session, "after_soft_rollback", _forget)
    waiting: _Waiting = session.info.setdefault(_WAITING, [])
    waiting.append((savepoint, event_values))
    run_before_commit(session, _append)


async def _append(session: AsyncSession) -> None:
    waiting: _Waiting = session.info.pop(_WAITING, [])
    if not waiting:
        return
    await session.flush()
    connection = await session.connection()
    head = (await connection.execute(_HEAD)).one_or_none()
    last_id, last_hash = head or (0, BEGINNING)
    rows = []
    for _, values in waiting:
        last_id += 1
        row = {**values, "id": last_id, "previous_hash": last_hash}
        last_hash = row["hash"] = digest(row)
        rows.append(row)
    await connection.execute(_ADD, rows)
    if head:
        await connection.execute(_MOVE_HEAD, {"id_now": last_id, "hash_now": last_hash})
    else:
        session.add(AuditChain(id=1, last_id=last_id, last_hash=last_hash, anchor_id=0, anchor_hash=BEGINNING))


def _forget(session: Session, ended: SessionTransaction) -> None:
    """Drops what was recorded within a savepoint that was rolled back."""
    waiting: _Waiting = session.info.get(_WAITING, [])
    waiting[:] = [(savepoint, values) for savepoint, values in waiting if not _is_within(savepoint, ended)]


def _is_within(savepoint: SessionTransaction | None, ended: SessionTransaction) -> bool:
    while savepoint is not None and savepoint is not ended:
        savepoint = savepoint.parent
    return savepoint is ended
