"""`modelyard audit verify`: follows the chain of the audit trail in the database itself."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import click
from sqlalchemy import Connection, inspect

from modelyard.core.counted import counted
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.audit.tables import AuditChain
from modelyard.domain.audit.verify import Flaw, Sound, verify_trail
from modelyard.entrypoints.cli.given import read_settings
from modelyard.settings import Settings


def run_verification(given: Mapping[str, Any]) -> None:
    """Says that the trail is sound, or what is wrong first; ends with 1 in that case."""
    settings = read_settings(given)
    directory = settings.data_dir.resolve()
    if not settings.database_url and not (directory / "modelyard.db").exists():
        raise click.ClickException(f"There is no database in {directory}; choose another directory with --data-dir.")
    try:
        verdict = asyncio.run(_verify(settings))
    except PlatformError as error:
        raise click.ClickException(error.message) from None
    if isinstance(verdict, Flaw):
        click.echo(f"The audit trail is not as it was written: row {verdict.event_id} {verdict.problem}.")
        sys.exit(1)
    last = f"The last is {verdict.last_id}, its hash {verdict.last_hash}."
    click.echo(f"The audit trail is sound: {counted(verdict.rows, 'row')}. {last}")


async def _verify(settings: Settings) -> Sound | Flaw:
    database = Database(settings.database_address())
    try:
        async with database.engine.connect() as connection:
            if not await connection.run_sync(_has_chain):
                raise click.ClickException("The database has an older schema; run `modelyard migrate` first.")
        return await verify_trail(database)
    finally:
        await database.close()


def _has_chain(connection: Connection) -> bool:
    return inspect(connection).has_table(AuditChain.__tablename__)
