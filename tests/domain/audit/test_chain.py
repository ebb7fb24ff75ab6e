"""Rows are chained in the order of their transactions, and what is rolled back leaves nothing."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from modelyard.core.database import Database
from modelyard.domain.audit.chain import MEMBERS, digest
from modelyard.domain.audit.record import record
from modelyard.domain.audit.tables import BEGINNING, AuditChain, AuditEvent
from modelyard.domain.audit.verify import Sound, verify_trail
from tests.domain.audit.trails import ADA, events, tell
from tests.manual_clock import ManualClock


async def test_each_row_holds_the_hash_of_the_one_before(database: Database, clock: ManualClock) -> None:
    await tell(database, clock, "model:created", "model:changed", before={"name": "a"}, after={"name": "b"})
    await tell(database, clock, "model:changed")

    rows = await events(database)
    assert [row.id for row in rows] == [1, 2, 3]
    assert [row.previous_hash for row in rows] == [BEGINNING, rows[0].hash, rows[1].hash]
    async with database.read() as session:
        head = await session.get_one(AuditChain, 1)
    assert (head.last_id, head.last_hash, head.anchor_id, head.anchor_hash) == (3, rows[2].hash, 0, BEGINNING)


async def test_anybody_can_compute_the_hash_from_the_members(database: Database, clock: ManualClock) -> None:
    await tell(database, clock, "model:created", name="Grüße", size=1.5, flags=[True, None])

    (row,) = await events(database)
    text = json.dumps(
        {
            "account_id": "account-acme",
            "action": "model:created",
            "actor": "ada@example.org",
            "address": "",
            "at": "2026-01-02T03:04:05.678000+00:00",
            "details": {"flags": [True, None], "name": "Grüße", "size": 1.5},
            "id": 1,
            "key_prefix": "adaprefix",
            "previous_hash": BEGINNING,
            "request_id": "",
            "target": "model/a",
            "team_id": None,
            "user_id": "user-ada",
        },
        separators=(",", ":"),
    )
    assert row.hash == hashlib.sha256(text.encode()).hexdigest()
    assert row.hash == digest({name: getattr(row, name) for name in MEMBERS})


def test_every_column_is_in_the_hash() -> None:
    assert {column.key for column in AuditEvent.__mapper__.columns} == {*MEMBERS, "hash"}


async def test_a_failed_transaction_leaves_neither_row_nor_gap(database: Database, clock: ManualClock) -> None:
    await tell(database, clock, "model:created")
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.write() as session:
            record(session, clock, ADA, "model:changed", "model/a")
            raise ZeroDivisionError
    await tell(database, clock, "model:deleted")

    assert [(row.id, row.action) for row in await events(database)] == [(1, "model:created"), (2, "model:deleted")]
    assert isinstance(await verify_trail(database), Sound)


async def test_a_savepoint_takes_its_events_back_with_it(database: Database, clock: ManualClock) -> None:
    async with database.write() as session:
        record(session, clock, ADA, "a:kept", "a")
        with pytest.raises(ZeroDivisionError):  # noqa: PT012
            async with session.begin_nested():
                record(session, clock, ADA, "b:lost", "b")
                async with session.begin_nested():
                    record(session, clock, ADA, "c:lost", "c")
                raise ZeroDivisionError
        async with session.begin_nested():
            record(session, clock, ADA, "d:kept", "d")

    assert [row.action for row in await events(database)] == ["a:kept", "d:kept"]


async def test_many_writers_make_one_chain(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    other = Database(str(database.engine.url))  # as another process would
    await asyncio.gather(*(tell(each, clock, "a:b", "c:d") for each in (database, other) for _ in range(20)))

    verdict = await verify_trail(database)
    assert isinstance(verdict, Sound)
    assert (verdict.rows, verdict.last_id) == (80, 80)
    await other.close()
