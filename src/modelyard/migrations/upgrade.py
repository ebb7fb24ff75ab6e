"""Brings a database up to the newest schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from modelyard.core.database import BEGIN, Database
from modelyard.core.postgres import compare_texts_by_bytes, lock_schema
from modelyard.core.sqlite_driver import BEGIN_TO_WRITE

HEAD = "0015"
"""The newest revision; a start on an up-to-date database need not load Alembic."""
_FOLDER = Path(__file__).parent


async def upgrade_database(database: Database, to: str = HEAD) -> str | None:
    """Upgrades if needed and returns the revision that was there before; None for an empty database."""
    current = await read_revision(database)
    if current != to:
        async with database.engine.connect() as connection, _without_foreign_keys(connection):
            return await _upgrade_alone(await connection.execution_options(**{BEGIN: BEGIN_TO_WRITE}), to)
    return current


async def read_revision(database: Database) -> str | None:
    """The schema of a database; None for one that has none yet."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_revision)


async def _upgrade_alone(connection: AsyncConnection, to: str) -> str | None:
    """Upgrades when it is this process's turn, unless another has done so meanwhile."""
    async with connection.begin():
        if connection.dialect.name == "postgresql":
            await connection.run_sync(lock_schema)
        current = await connection.run_sync(_revision)
        if current != to:
            await connection.run_sync(_upgrade, to)
        return current


@asynccontextmanager
async def _without_foreign_keys(connection: AsyncConnection) -> AsyncIterator[None]:
    """SQLite changes a table by making it anew, which looks as if all rows that others refer to were deleted."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101 - the connection is open
    await driver.execute("PRAGMA foreign_keys=OFF")  # has no effect inside of a transaction
    try:
        yield
    finally:
        await driver.execute("PRAGMA foreign_keys=ON")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _upgrade(connection: Connection, to: str) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and seldom needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    if connection.dialect.name == "postgresql":
        compare_texts_by_bytes(connection)
