"""The audit trail: who did what, in the transaction of what it tells."""

import pytest
import structlog
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.audit.record import record
from modelyard.domain.audit.tables import AuditEvent
from tests.cast import Cast
from tests.manual_clock import ManualClock


async def _events(database: Database) -> list[AuditEvent]:
    async with database.read() as session:
        return list(await session.scalars(select(AuditEvent)))


async def test_event_says_who_did_what_and_when(database: Database, clock: ManualClock, cast: Cast) -> None:
    with structlog.contextvars.bound_contextvars(request_id="request-1"):
        async with database.write() as session:
            record(session, clock, cast.alice, "model:version:activated", "model/a/1.0.0", before="partial")

    (event,) = await _events(database)
    assert event.at == clock.now()
    assert (event.account_id, event.actor) == (cast.alice.account_id, "alice@example.org")
    assert (event.action, event.target) == ("model:version:activated", "model/a/1.0.0")
    assert event.details == {"before": "partial"}
    assert event.request_id == "request-1"


async def test_event_of_what_did_not_happen_is_gone(database: Database, clock: ManualClock, cast: Cast) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.write() as session:
            record(session, clock, cast.alice, "model:created", "model/a")
            raise ZeroDivisionError

    assert await _events(database) == []
