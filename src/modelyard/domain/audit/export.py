"""Reads any number of audit events, newest first, some at a time."""

from collections.abc import AsyncIterator

from modelyard.core.database import Database
from modelyard.domain.audit.filters import EventFilter
from modelyard.domain.audit.queries import list_events
from modelyard.domain.audit.tables import AuditEvent

ROWS_AT_ONCE = 1000


async def stream_events(database: Database, wanted: EventFilter) -> AsyncIterator[list[AuditEvent]]:
    """All events that match, in lists of some; each list is read in a transaction of its own."""
    before: int | None = None
    while True:
        async with database.read() as session:
            found = await list_events(session, wanted, ROWS_AT_ONCE, before)
        if found.entries:
            yield found.entries
            before = found.entries[-1].id
        if not found.has_next:
            return
