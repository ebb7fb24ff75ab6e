"""`modelyard migrate`: brings the database up to the newest schema."""

import asyncio
from collections.abc import Mapping
from typing import Any

import click

from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.entrypoints.cli.given import read_settings
from modelyard.migrations.upgrade import HEAD, upgrade_database
from modelyard.settings import Settings


def run_migration(given: Mapping[str, Any]) -> None:
    """Upgrades, and says from where to where."""
    try:
        before = asyncio.run(_migrate(read_settings(given)))
    except PlatformError as error:
        raise click.ClickException(error.message) from None
    if before == HEAD:
        click.echo(f"The database is at the newest schema already ({HEAD}).")
    else:
        click.echo(f"The database was upgraded from {before or 'nothing'} to {HEAD}.")


async def _migrate(settings: Settings) -> str | None:
    directory = settings.data_dir.resolve()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_address())
    try:
        return await upgrade_database(database)
    finally:
        await database.close()
