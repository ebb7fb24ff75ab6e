"""Writes a migration from the difference between the tables and the newest revision: new_migration.py 0002 "add x"."""

import asyncio
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import modelyard.domain
from modelyard.core.database import Database

MIGRATIONS = Path(modelyard.__path__[0]) / "migrations"


def import_tables() -> None:
    """Makes all tables known."""
    for module in pkgutil.walk_packages(modelyard.domain.__path__, "modelyard.domain."):
        if module.name.endswith(".tables"):
            importlib.import_module(module.name)


def write(connection: Connection, revision: str, message: str) -> None:
    """Upgrades an empty database to the newest revision, and writes what is missing."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    if any((MIGRATIONS / "versions").glob("*.py")):
        command.upgrade(config, "head")
    command.revision(config, message, autogenerate=True, rev_id=revision)


async def main(revision: str, message: str) -> None:
    """Does it in a database of its own."""
    import_tables()
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite+aiosqlite:///{directory}/scratch.db")
        async with database.engine.begin() as connection:
            await connection.run_sync(write, revision, message)
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
