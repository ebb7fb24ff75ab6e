"""The database: one declarative base, sessions for reading and writing, and portable column types."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Dialect, MetaData, TypeDecorator, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from modelyard.core.bells import BellBoard
from modelyard.core.sqlite_driver import open_connection


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
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


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


class Database:
    """Hands out sessions.

    SQLite has one writer at a time. Writers of this process queue at an asyncio lock, which is fair and costs
    nothing, instead of polling for the file's lock; other processes are waited for by SQLite's busy time-out.
    """

    def __init__(self, url: str) -> None:
        self.engine = _create_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._readers = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writers = async_sessionmaker(
            self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}), expire_on_commit=False
        )
        self._one_writer = asyncio.Lock() if self.is_sqlite else None
        self.bells = BellBoard()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads; whatever it changed is rolled back."""
        async with self._readers() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back when an exception leaves it."""
        lock: AbstractAsyncContextManager[Any] = self._one_writer or nullcontext()
        async with lock, self._writers() as session, session.begin():
            yield session
            for finish in session.info.pop(_LAST_STEPS, ()):
                await finish(session)
        for topic in session.info.pop(_TOPICS, ()):
            self.bells.ring(topic)

    async def close(self) -> None:
        """Closes all connections."""
        await self.engine.dispose()


_BEGIN = "modelyard_begin"
_TOPICS = "topics to ring after the commit"
_LAST_STEPS = "what to do before the commit"


def ring_after_commit(session: AsyncSession, topic: str) -> None:
    """Wakes the topic's listeners once the transaction is committed, and never when it is rolled back."""
    session.info.setdefault(_TOPICS, set()).add(topic)


def run_before_commit(session: AsyncSession, step: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Makes a step the end of the transaction, once however often it is asked for; a step asks for no others."""
    session.info.setdefault(_LAST_STEPS, {})[step] = None


def _create_engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_pre_ping=True)
    # isolation_level None: we say BEGIN ourselves (below), so that a write transaction takes its lock at once
    # and cannot fail half way because another connection wrote since it began to read.
    options = {"timeout": 30, "isolation_level": None, "async_creator_fn": open_connection}
    # pool_reset_on_return None: sessions have rolled back when they give their connection back; twice costs a trip.
    engine = create_async_engine(url, connect_args=options, pool_reset_on_return=None)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


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
