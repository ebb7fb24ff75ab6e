"""The database: one declarative base, sessions for reading and writing, and portable column types."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from json import dumps
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, URL, BigInteger, Connection, DateTime, Dialect, Integer, MetaData, TypeDecorator, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import QueuePool

from modelyard.core import postgres, sqlite_errors
from modelyard.core.bells import BellBoard
from modelyard.core.database_address import read_database_address
from modelyard.core.database_errors import DatabaseBusy
from modelyard.core.nul import refuse_nul
from modelyard.core.sqlite_driver import BEGIN_TO_READ, BEGIN_TO_WRITE, open_connection

SECONDS_TO_WAIT_FOR_WRITERS = 30.0
"""Of this process, which take turns."""
SECONDS_TO_WAIT_FOR_OTHERS = 15
"""Other processes that hold the lock of the SQLite file."""
SECONDS_TO_GIVE_BACK = 2.0
"""Connections, at the end."""


class UtcDateTime(TypeDecorator[datetime]):
    """A time that is UTC on both sides; SQLite forgets zones, so they are added again when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone must not reach the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BIG_INTEGER = BigInteger().with_variant(Integer(), "sqlite")
"""For numbers beyond two billion; the INTEGER of SQLite is as large, and alone can number rows."""


class Base(DeclarativeBase):
    """Parent of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
        list[Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


class _Writing(Session):
    """Stores nothing that another database could not."""


event.listen(_Writing, "before_flush", refuse_nul)


class Database:
    """Hands out sessions.

    Transactions that write do so one after the other, unless they say that they can stand others. On SQLite, writers of
    this process queue at an asyncio lock, which is fair and costs nothing, instead of polling for the file's lock;
    other processes are waited for by SQLite's busy time-out. How it is on PostgreSQL: see `postgres.py`. Who has waited
    for too long is told so by DatabaseBusy.
    """

    def __init__(self, address: str | URL) -> None:
        url = read_database_address(address) if isinstance(address, str) else address
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = _create_sqlite_engine(url) if self.is_sqlite else postgres.create_postgres_engine(url, _to_json)
        readers = self.engine if self.is_sqlite else postgres.readers_of(self.engine)
        writers = self.engine.execution_options(**{BEGIN: BEGIN_TO_WRITE})
        self._readers, self._brief_readers = (
            async_sessionmaker(readers.execution_options(**{_BRIEF: is_brief}), expire_on_commit=False)
            for is_brief in (False, True)
        )
        self._writers, self._brief_writers = (
            async_sessionmaker(
                writers.execution_options(**{_BRIEF: is_brief}), expire_on_commit=False, sync_session_class=_Writing
            )
            for is_brief in (False, True)
        )
        self._one_writer = asyncio.Lock()
        self.bells = BellBoard()
        self.telegraph = None if self.is_sqlite else postgres.telegraph(url, self.bells)
        """Reaches the other processes that work on this database, where there can be some."""

    @asynccontextmanager
    async def read(self, *, is_brief: bool = False) -> AsyncIterator[AsyncSession]:
        """A session that only reads, and sees one state of the database; a change is refused or rolled back.

        Args:
            is_brief: that it finds few rows by their keys. SQLite does so in less time than it takes to change to
                another thread and back; meanwhile the event loop stands still.
        """
        async with (self._brief_readers if is_brief else self._readers)() as session:
            yield session

    @asynccontextmanager
    async def write(self, *, beside_others: bool = False, is_brief: bool = False) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back when an exception leaves it.

        Args:
            beside_others: that it may run while others of its kind do, where the database can: it decides by rows that
                it locks, always in the same order, or by the row counts of its changes.
            is_brief: as of `read`; statements with many values are executed in another thread all the same.
        """
        is_alone = self.is_sqlite or not beside_others
        lock: AbstractAsyncContextManager[Any] = _in_turn(self._one_writer) if is_alone else nullcontext()
        writers = self._brief_writers if is_brief else self._writers
        async with lock, writers() as session, session.begin():
            if not self.is_sqlite:
                await postgres.begin_to_write(session, beside_others=beside_others)
            yield session
            for finish in session.info.pop(_LAST_STEPS, ()):
                await finish(session)
            topics: set[str] = session.info.pop(_TOPICS, set())
            if topics and self.telegraph:
                await self.telegraph.tell(session, topics)
        for topic in topics:
            self.bells.ring(topic)

    async def close(self) -> None:
        """Closes all connections, also those that tasks which were cancelled are just giving back."""
        pool, give_up = self.engine.pool, time.monotonic() + SECONDS_TO_GIVE_BACK
        while isinstance(pool, QueuePool) and pool.checkedout() and time.monotonic() < give_up:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await self.engine.dispose()


BEGIN = "modelyard_begin"
"""An execution option: how SQLite begins a transaction."""
_BRIEF = "modelyard_is_brief"
"""An execution option: that its statements find few rows by their keys."""
_TOPICS = "topics to ring after the commit"
_LAST_STEPS = "what to do before the commit"


def ring_after_commit(session: AsyncSession, topic: str) -> None:
    """Wakes the topic's listeners once the transaction is committed, and never when it is rolled back."""
    session.info.setdefault(_TOPICS, set()).add(topic)


def run_before_commit(session: AsyncSession, step: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Makes a step the end of the transaction, once however often it is asked for; a step asks for no others."""
    session.info.setdefault(_LAST_STEPS, {})[step] = None


@asynccontextmanager
async def _in_turn(lock: asyncio.Lock) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(SECONDS_TO_WAIT_FOR_WRITERS):
            await lock.acquire()
    except TimeoutError:
        raise DatabaseBusy from None
    try:
        yield
    finally:
        lock.release()


_to_json = partial(dumps, allow_nan=False)  # what no other reader of JSON knows


def _create_sqlite_engine(address: URL) -> AsyncEngine:
    # isolation_level None: we say BEGIN ourselves (below), so that a write transaction takes its lock at once
    # and cannot fail half way because another connection wrote since it began to read.
    options = {"timeout": SECONDS_TO_WAIT_FOR_OTHERS, "isolation_level": None, "async_creator_fn": open_connection}
    # pool_reset_on_return None: sessions have rolled back when they give their connection back; twice costs a trip.
    engine = create_async_engine(address, connect_args=options, pool_reset_on_return=None, json_serializer=_to_json)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin)
    sqlite_errors.translate_errors(engine.sync_engine)
    return engine


def _begin(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    options = connection.get_execution_options()
    driver.begin_with_next(options.get(BEGIN, BEGIN_TO_READ), is_brief=options.get(_BRIEF, False))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a commit that was answered survives a power cut
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-16000",
        "mmap_size=268435456",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def sqlite_url(data_dir: Path) -> str:
    """The address of the embedded database below a data directory."""
    return f"sqlite+aiosqlite:///{data_dir / 'modelyard.db'}"
