"""`modelyard rotate-secret`: seals everything under a new secret key.

With the key in a file: the new one is written beside it first, then everything is sealed again in one transaction, then
the new file takes the place of the old. The server opens with both as long as both are there, so an end in between
harms nothing, and running the command again completes it.
"""

import asyncio
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import DatabaseError

from modelyard.core.clock import SystemClock
from modelyard.core.counted import counted
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.sealing import Sealer, SecretKeyWrong, keep_directory, read_or_create_secret
from modelyard.data_directory import NEXT_SECRET_FILE, SECRET_FILE, lock_data_directory, secrets_of
from modelyard.domain.audit.record import PLATFORM, record
from modelyard.entrypoints.cli.given import read_settings
from modelyard.entrypoints.cli.sealed import (
    WRONG_KEY,
    database_of,
    has_secret,
    require_all_open,
    seal_everything_again,
)
from modelyard.settings import Settings


def run_rotation(given: Mapping[str, Any]) -> None:
    """Says how many secrets it sealed again."""
    settings = read_settings(given)
    directory = settings.data_dir.resolve()
    if not directory.is_dir():
        raise click.ClickException(f"There is nothing in {directory}; choose another directory with --data-dir.")
    try:
        with closing(lock_data_directory(directory)):
            number = asyncio.run(rotate(settings, directory))
    except PlatformError as error:
        raise click.ClickException(error.message) from None
    click.echo(f"Sealed with the new key: {counted(number, 'secret')}.")


async def rotate(settings: Settings, directory: Path) -> int:
    """Seals again; returns how many secrets. Nothing is written before all of them have been opened."""
    database = database_of(settings, directory)
    if database is None:
        raise click.ClickException(f"There is no database in {directory}; choose another directory with --data-dir.")
    try:
        if not has_secret(settings, directory):
            raise click.ClickException(f"There is no {SECRET_FILE} in {directory}; restore it, or set the key.")
        known = secrets_of(settings, directory)
        async with database.read() as session:
            await require_all_open(session, Sealer(*known))
        return await _seal_again(settings, directory, database, known)
    except SecretKeyWrong:
        raise click.ClickException(f"{WRONG_KEY.code}: {WRONG_KEY.text} {WRONG_KEY.hint}") from None
    except DatabaseError:
        raise click.ClickException("The database has an older schema; run `modelyard migrate` before.") from None
    finally:
        await database.close()


async def _seal_again(settings: Settings, directory: Path, database: Database, known: list[bytes]) -> int:
    next_file = directory / NEXT_SECRET_FILE
    is_own_key = not settings.secret_key.get_secret_value()
    newest = [read_or_create_secret(next_file)] if is_own_key else []
    async with database.write() as session:
        number = await seal_everything_again(session, Sealer(*newest, *known))
        record(session, SystemClock(), PLATFORM, "secret:rotated", "installation", secrets=number)
    if is_own_key:
        next_file.replace(directory / SECRET_FILE)
        keep_directory(directory)
    return number
