"""Brings a database up to the newest schema."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from modelyard.core.database import Database

HEAD = "0001"
"""The newest revision; a start on an up-to-date database need not load Alembic."""
_FOLDER = Path(__file__).parent


async def upgrade_database(database: Database) -> str | None:
    """Upgrades if needed and returns the revision that was there before; None for an empty database."""
    async with database.engine.connect() as connection:
        current = await connection.run_sync(_revision)
    if current != HEAD:
        async with database.engine.begin() as connection:
            await connection.run_sync(_upgrade)
    return current


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and seldom needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
