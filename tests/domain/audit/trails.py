"""Trails for tests: some events of everything, and ways to tamper with them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from modelyard.core.database import Base, Database, sqlite_url
from modelyard.domain.audit.record import Outsider, Subject, record
from modelyard.domain.audit.tables import AuditChain, AuditEvent
from tests.manual_clock import ManualClock

ADA = Outsider("ada@example.org", "account-acme", "user-ada", "adaprefix")


async def bare_database(directory: Path) -> Database:
    """A database with nothing but the tables of the trail."""
    database = Database(sqlite_url(directory))
    async with database.engine.begin() as connection:
        tables = [Base.metadata.tables[table.__tablename__] for table in (AuditEvent, AuditChain)]
        await connection.run_sync(Base.metadata.create_all, tables)
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
    async with database.write() as session:
        for action in actions:
            record(session, clock, subject, action, target, **details)


async def events(database: Database) -> list[AuditEvent]:
    """All of them, the oldest first."""
    async with database.read() as session:
        return list(await session.scalars(select(AuditEvent).order_by(AuditEvent.id)))


def tamper(directory: Path, statement: str, *values: Any) -> None:
    """What somebody does who has the file."""
    with closing(sqlite3.connect(directory / "modelyard.db")) as connection:
        connection.execute(statement, values)
        connection.commit()
