"""What SQLite cannot do at the moment is said in our words, and nothing of it is written."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import func, make_url, select

from modelyard.core import database as database_file
from modelyard.core.database import Database
from modelyard.core.database_errors import DatabaseAway, DatabaseBusy, DatabaseFull
from modelyard.core.sqlite_errors import error_of
from modelyard.domain.accounts.tables import Account
from tests.manual_clock import START

pytestmark = pytest.mark.sqlite


async def _add(database: Database, name: str, *, size: int = 1) -> None:
    async with database.write() as session:
        session.add(Account(id=name, name=name.ljust(size, "x"), created_at=START))


async def test_who_waits_for_another_process_for_too_long_is_told(
    database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_file, "SECONDS_TO_WAIT_FOR_OTHERS", 0.05)
    database = Database(database_address)
    with closing(sqlite3.connect(make_url(database_address).database or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy) as refused:
            await _add(database, "late")
        async with database.read() as session:
            assert await session.scalar(select(func.count()).select_from(Account))
    await _add(database, "in time")
    await database.close()

    assert refused.value.retry_after


async def test_who_waits_for_writers_of_this_process_for_too_long_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_file, "SECONDS_TO_WAIT_FOR_WRITERS", 0.05)
    async with database.write():
        with pytest.raises(DatabaseBusy):
            await _add(database, "late")
    await _add(database, "in time")


async def test_a_full_disk(database: Database) -> None:
    async with database.read() as session:
        connection = await session.connection()
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseFull):
        await _add(database, "too much", size=500_000)

    async with database.read() as session:
        assert await session.get(Account, "too much") is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, DatabaseBusy),
        (sqlite3.SQLITE_IOERR_WRITE, DatabaseAway),
        (sqlite3.SQLITE_READONLY_DBMOVED, DatabaseAway),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, type(None)),
        (None, type(None)),
    ],
)
def test_codes(code: int | None, kind: type[object]) -> None:
    assert type(error_of(code)) is kind
