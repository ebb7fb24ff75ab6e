"""Events that were written before there was a chain become a part of it."""

import pytest
from sqlalchemy import text

from modelyard.core.database import Database
from modelyard.domain.audit.verify import Flaw, Sound, verify_trail
from modelyard.migrations import audit_chain_0002
from modelyard.migrations.upgrade import upgrade_database
from tests.domain.audit.trails import events, tell
from tests.manual_clock import ManualClock
from tests.stores import Store

INSERT = """
INSERT INTO audit_events (id, at, account_id, actor, action, target, details, request_id)
VALUES (:id, '2025-12-31 23:59:59.123456', :account, 'ada@example.org', 'model:created', 'model/a', :details, 'r')
"""


async def test_old_events_are_chained(empty: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain_0002, "_AT_ONCE", 2)
    database = Database(empty)
    await upgrade_database(database, "0001")
    async with database.engine.begin() as connection:
        for number in (2, 3, 7, 8, 30):  # numbers may have gaps
            values = {"id": number, "account": None if number == 7 else "a", "details": '{"b": [1.50, null], "a": "ü"}'}
            await connection.execute(text(INSERT), values)
    await upgrade_database(database)
    await tell(database, ManualClock(), "model:changed")

    verdict = await verify_trail(database)
    assert isinstance(verdict, Sound), verdict
    assert [row.id for row in await events(database)] == [1, 2, 3, 4, 5, 6]
    store.tamper(empty, "UPDATE audit_events SET account_id = 'b' WHERE id = 3")
    assert await verify_trail(database) == Flaw(3, "was altered")
    await database.close()


async def test_a_trail_without_events_begins_empty(empty: str) -> None:
    database = Database(empty)
    await upgrade_database(database)
    assert await verify_trail(database) == Sound(0, 0, "0" * 64)

    await tell(database, ManualClock(), "model:created")
    assert isinstance(await verify_trail(database), Sound)
    assert [row.id for row in await events(database)] == [1]
    await database.close()
