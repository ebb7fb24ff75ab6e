"""The audit trail learns how tests end, in the transaction in which they do."""

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.errors import UpstreamFailed
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.version_tests.progress import TestProgress
from modelyard.domain.version_tests.request import request_load_test
from tests.cast import CAST
from tests.library import add_model, describe
from tests.manual_clock import ManualClock


@pytest.fixture
async def test_id(database: Database) -> int:
    """A load test that was asked for."""
    model_id = await add_model(database, CAST.alice)
    await describe(database, model_id)
    async with database.write() as session:
        return (await request_load_test(session, ManualClock(), CAST.alice, model_id, "0.1.0")).id


async def _last(database: Database) -> AuditEvent:
    async with database.read() as session:
        return (await session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))).one()


async def test_passed(database: Database, test_id: int) -> None:
    async with database.write() as session:
        await TestProgress(database, ManualClock(), test_id).passed(session, measurements={})

    event = await _last(database)
    assert (event.action, event.actor) == ("model:version:load-test-passed", "platform")
    assert event.target.endswith("/0.1.0")
    assert event.account_id == CAST.alice.account_id  # whose administrators read it
    assert event.details == {"test": test_id, "after": {"load_passed": True}}


async def test_failed(database: Database, test_id: int) -> None:
    await TestProgress(database, ManualClock(), test_id).failed(UpstreamFailed("It fell over. " * 100, "a log"))

    event = await _last(database)
    assert event.action == "model:version:load-test-failed"
    assert event.details["error"]["beginning"].startswith("It fell over.")
    assert event.details["error"]["length"] == 1400
    assert "a log" not in str(event.details)


async def _pass_and_stumble(database: Database, test_id: int) -> None:
    async with database.write() as session:
        await TestProgress(database, ManualClock(), test_id).passed(session)
        raise RuntimeError


async def test_what_is_rolled_back_was_not(database: Database, test_id: int) -> None:
    before = (await _last(database)).id
    with pytest.raises(RuntimeError):
        await _pass_and_stumble(database, test_id)

    assert (await _last(database)).id == before
