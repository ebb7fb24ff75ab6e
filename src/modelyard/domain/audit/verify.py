"""Follows the chain of the audit trail and finds the first row that was removed, altered or inserted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Database
from modelyard.domain.audit.chain import digest
from modelyard.domain.audit.retention import EXPIRED
from modelyard.domain.audit.tables import BEGINNING, AuditChain, AuditEvent

ROWS_AT_ONCE = 1000
_UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError)
"""What comes of values that nobody could have written."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Every row is as it was written. Whoever keeps the last hash elsewhere can see that the end is still there."""

    rows: int
    last_id: int
    last_hash: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first row with which something is wrong."""

    event_id: int
    problem: str


@dataclass(slots=True)
class _Place:
    """How far the chain was followed, and which removal was the last that it tells of."""

    id: int
    hash: str
    rows: int = 0
    expired: tuple[Any, Any] = (0, BEGINNING)


async def verify_trail(database: Database) -> Sound | Flaw:
    """Reads all rows, a bounded number at a time; the platform may go on writing meanwhile."""
    place: _Place | None = None
    while True:
        async with database.read() as session:
            head = (await session.scalars(select(AuditChain))).one_or_none()
            if head is None:
                return await _without_head(session)
            if place is None:
                if flaw := await _before_the_anchor(session, head):
                    return flaw
                place = _Place(head.anchor_id, head.anchor_hash)
            elif head.anchor_id > place.id:  # retention has removed meanwhile what came next
                place.id, place.hash = head.anchor_id, head.anchor_hash
            rows = await _read_rows(session, place.id)
        if isinstance(rows, Flaw):
            return rows
        if not rows:
            return _end(place, head)
        for row in rows:
            if flaw := _step(place, row, head):
                return flaw


async def _without_head(session: AsyncSession) -> Sound | Flaw:
    first = await session.scalar(select(func.min(AuditEvent.id)))
    if first is None:
        return Sound(0, 0, BEGINNING)
    return Flaw(first, "nothing says any more where the trail begins and ends: the row of audit_chain was removed")


async def _before_the_anchor(session: AsyncSession, head: AuditChain) -> Flaw | None:
    first = await session.scalar(select(func.min(AuditEvent.id)).where(AuditEvent.id <= head.anchor_id))
    return None if first is None else Flaw(first, "was inserted: the trail begins behind it")


async def _read_rows(session: AsyncSession, after: int) -> list[dict[str, Any]] | Flaw:
    query = select(AuditEvent.__table__).where(AuditEvent.id > after).order_by(AuditEvent.id)
    for size in (ROWS_AT_ONCE, 1):
        try:
            return [row._asdict() for row in await session.execute(query.limit(size))]
        except _UNREADABLE:
            continue
    unreadable = await session.scalar(select(func.min(AuditEvent.id)).where(AuditEvent.id > after))
    return Flaw(unreadable or after + 1, "was altered: it cannot be read")


def _step(place: _Place, row: Mapping[str, Any], head: AuditChain) -> Flaw | None:
    event_id = row["id"]
    if event_id > head.last_id and place.id == head.last_id:
        return Flaw(event_id, "was inserted behind the end of the trail")
    if event_id != place.id + 1:
        others = f", and all up to {event_id - 1}" if event_id > place.id + 2 else ""
        return Flaw(place.id + 1, f"was removed{others}")
    if not _is_as_written(row):
        return Flaw(event_id, "was altered")
    if row["previous_hash"] != place.hash:
        if place.rows == 0:
            return Flaw(event_id, "was altered: it does not follow the row that was removed before it")
        return Flaw(place.id, "was altered together with its hash: the next row was written behind another")
    place.id, place.hash, place.rows = event_id, row["hash"], place.rows + 1
    if row["action"] == EXPIRED:
        place.expired = row["details"].get("through"), row["details"].get("hash")
    return None


def _is_as_written(row: Mapping[str, Any]) -> bool:
    try:
        return bool(digest(row) == row["hash"])
    except _UNREADABLE:
        return False


def _end(place: _Place, head: AuditChain) -> Sound | Flaw:
    if place.id < head.last_id:
        return Flaw(place.id + 1, f"was removed, and all up to the last, {head.last_id}")
    if place.hash != head.last_hash:
        return Flaw(place.id, "was altered together with its hash: the trail ended with another")
    if place.expired != (head.anchor_id, head.anchor_hash):
        return Flaw(head.anchor_id, "was removed with all before it, but not because they had been kept long enough")
    return Sound(place.rows, place.id, place.hash)
