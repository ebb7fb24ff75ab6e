"""PostgreSQL: how connections are opened, and how transactions that write keep out of each other's way.

The domain's code reads, decides and writes, and is right when nobody else writes in between: with SQLite that goes
without saying. Here a writing transaction takes a lock of the database first. Most take it alone; the few that many
requests and engines make all the time share it, and say so, because they lock the rows that they decide by.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.exc import TimeoutError as TooLong
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from modelyard.core.bells import BellBoard
from modelyard.core.database_errors import DatabaseBusy
from modelyard.core.postgres_errors import translate_errors

if TYPE_CHECKING:
    from modelyard.core.postgres_bells import Telegraph

OLDEST_VERSION = 14
CONNECTIONS_KEPT = 10
MOST_CONNECTIONS = 30
_SECONDS_TO_CONNECT = 10
_SESSION_SETTINGS = {
    "application_name": "modelyard",
    "timezone": "UTC",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",  # a process that hangs must not keep others from writing
}
_LOCKS = 0x6D6F6479
"""Advisory locks of ours begin with this number."""
_WRITERS, _SCHEMA = 1, 2
_ALONE = text(f"SELECT pg_advisory_xact_lock({_LOCKS}, {_WRITERS})")
_BESIDE_OTHERS = text(f"SELECT pg_advisory_xact_lock_shared({_LOCKS}, {_WRITERS})")
_HOWEVER_LONG = text("SET LOCAL lock_timeout = 0")
_DO_NOTHING = text("SET LOCAL idle_in_transaction_session_timeout = 0")
_CHANGE_SCHEMA = text(f"SELECT pg_advisory_xact_lock({_LOCKS}, {_SCHEMA})")


def create_postgres_engine(address: URL, serializer: Callable[[Any], str]) -> AsyncEngine:
    """Opens connections when they are needed, and asks one that has been idle whether it still works."""
    engine = create_async_engine(
        address,
        poolclass=_Pool,
        pool_size=CONNECTIONS_KEPT,
        max_overflow=MOST_CONNECTIONS - CONNECTIONS_KEPT,
        pool_pre_ping=True,
        json_serializer=serializer,
        hide_parameters=True,  # errors are logged
        connect_args={"connect_timeout": _SECONDS_TO_CONNECT, "client_encoding": "utf8"},
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    translate_errors(engine.sync_engine)
    return engine


def readers_of(engine: AsyncEngine) -> AsyncEngine:
    """The same connections for transactions that see one state of the database, and change nothing."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def telegraph(address: URL, bells: BellBoard) -> "Telegraph":
    """The line to the other processes of the database."""
    from modelyard.core.postgres_bells import Telegraph  # noqa: PLC0415 - slow to import, seldom needed

    return Telegraph(address, bells)


class _Pool(AsyncAdaptedQueuePool):
    """Who waits for a connection for too long is told so in our words."""

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            return super()._do_get()
        except TooLong:
            raise DatabaseBusy from None


async def begin_to_write(session: AsyncSession, *, beside_others: bool) -> None:
    """Waits until the transaction may write: alone, or together with others that do not mind each other."""
    await session.execute(_BESIDE_OTHERS if beside_others else _ALONE)


async def wait_for_us(session: AsyncSession) -> None:
    """Lets the transaction do nothing for as long as it takes: it waits for a file or a pipe, not for a program that
    hangs.
    """
    await session.execute(_DO_NOTHING)


def lock_schema(connection: Connection) -> None:
    """Waits for others that change the schema; holds until the end of the transaction."""
    connection.execute(_HOWEVER_LONG)
    connection.execute(_CHANGE_SCHEMA)


def compare_texts_by_bytes(connection: Connection) -> None:
    """Makes all texts compare and sort by their bytes, as SQLite does, whatever the database was created with."""
    rows = connection.execute(_OTHERWISE_COMPARED).all()
    quote = connection.dialect.identifier_preparer.quote
    by_table: dict[str, list[str]] = {}
    for table, column, type_name in rows:
        change = f'ALTER COLUMN {quote(column)} TYPE {type_name} COLLATE "C"'
        by_table.setdefault(table, []).append(change)
    for table, changes in by_table.items():
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} {', '.join(changes)}")


_OTHERWISE_COMPARED = text("""
    SELECT pg_class.relname, pg_attribute.attname, format_type(pg_attribute.atttypid, pg_attribute.atttypmod)
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = pg_attribute.attrelid
    JOIN pg_collation ON pg_collation.oid = pg_attribute.attcollation
    WHERE pg_class.relkind = 'r' AND pg_class.relnamespace = current_schema()::regnamespace
        AND pg_attribute.attnum > 0 AND NOT pg_attribute.attisdropped AND pg_collation.collname != 'C'
    ORDER BY pg_class.relname, pg_attribute.attnum
""")


def _prepare(connection: Any, _record: object) -> None:
    from modelyard.core.postgres_texts import send_storable_texts  # noqa: PLC0415 - slow to import, seldom needed

    send_storable_texts(connection.driver_connection)
    cursor = connection.cursor()
    for name, value in _SESSION_SETTINGS.items():
        cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
    cursor.close()
    connection.commit()
