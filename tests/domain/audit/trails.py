"""Trails for tests: some events of everything."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from modelyard.core.database import Base, Database
from modelyard.core.postgres import compare_texts_by_bytes
from modelyard.domain.audit.record import Outsider, Subject, record
from modelyard.domain.audit.tables import AuditChain, AuditEvent
from tests.manual_clock import ManualClock
from tests.stores import Store

ADA = Outsider("ada@example.org", "account-acme", "user-ada", "adaprefix")


@dataclass(frozen=True)
class Trail:
    """A trail in a database that nobody is connected to."""

    store: Store
    address: str

    def tamper(self, statement: str, *values: Any) -> None:
        """What somebody does who has the database. Raises Refused."""
        self.store.tamper(self.address, statement, *values)


async def bare_database(address: str) -> Database:
    """A database with nothing but the tables of the trail."""
    database = Database(address)
    async with database.engine.begin() as connection:
        tables = [Base.metadata.tables[table.__tablename__] for table in (AuditEvent, AuditChain)]
        await connection.run_sync(Base.metadata.create_all, tables)
        if not database.is_sqlite:
            await connection.run_sync(compare_texts_by_bytes)
    return database


async def tell(
    database: Database,
    clock: ManualClock,
    *actions: str,
    subject: Subject = ADA,
    target: str = "model/a",
    **details: Any,
) -> None:
    """A transaction with an event for each action."""
    async with database.write(beside_others=True) as session:
        for action in actions:
            record(session, clock, subject, action, target, **details)


async def events(database: Database) -> list[AuditEvent]:
    """All of them, the oldest first."""
    async with database.read() as session:
        return list(await session.scalars(select(AuditEvent).order_by(AuditEvent.id)))
