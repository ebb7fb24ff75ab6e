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

from modelyard.app import NEXT_SECRET_FILE, SECRET_FILE, lock_data_directory, secrets_of
from modelyard.core.clock import SystemClock
from modelyard.core.errors import PlatformError
from modelyard.core.sealing import Sealer, read_or_create_secret
from modelyard.domain.audit.record import PLATFORM, record
from modelyard.entrypoints.cli.given import read_settings
from modelyard.entrypoints.cli.sealed import database_of, seal_everything_again
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
    click.echo(f"{number} secrets are sealed with the new key.")


async def rotate(settings: Settings, directory: Path) -> int:
    """Seals again; returns how many secrets. Raises SecretKeyWrong."""
    known = secrets_of(settings, directory)
    next_file = directory / NEXT_SECRET_FILE
    is_own_key = not settings.secret_key.get_secret_value()
    if is_own_key:
        known = [read_or_create_secret(next_file), *known]
    database = database_of(settings, directory)
    if database is None:
        raise click.ClickException(f"There is no database in {directory}; choose another directory with --data-dir.")
    try:
        async with database.write() as session:
            number = await seal_everything_again(session, Sealer(*known))
            record(session, SystemClock(), PLATFORM, "secret:rotated", "installation", secrets=number)
    finally:
        await database.close()
    if is_own_key:
        next_file.replace(directory / SECRET_FILE)
    return number
