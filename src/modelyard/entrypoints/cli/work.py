"""`modelyard work`: runs engines, imports and jobs of a database that servers share, and answers no requests."""

import asyncio
import contextlib
import signal
from collections.abc import Mapping
from typing import Any

import click
import uvloop

from modelyard.app import Platform
from modelyard.core.errors import PlatformError
from modelyard.core.logs import configure_logs
from modelyard.core.sealing import SecretKeyWrong
from modelyard.entrypoints.cli.given import read_settings
from modelyard.entrypoints.cli.sealed import WRONG_KEY
from modelyard.settings import Settings

_ALONE = (
    "`modelyard work` helps servers that share a PostgreSQL; set MODELYARD_DATABASE_URL as they do. A SQLite database "
    "belongs to one server, which does all the work itself."
)


def run_worker(given: Mapping[str, Any]) -> None:
    """Works until SIGTERM or SIGINT."""
    settings = read_settings(given)
    if settings.database_address().get_backend_name() == "sqlite":
        raise click.ClickException(_ALONE)
    configure_logs(json=settings.log_json, level=settings.log_level)
    try:
        uvloop.run(_work(settings))
    except SecretKeyWrong:
        raise click.ClickException(f"{WRONG_KEY.code}: {WRONG_KEY.text} {WRONG_KEY.hint}") from None
    except PlatformError as error:
        raise click.ClickException(error.message) from error


async def _work(settings: Settings) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    platform = Platform(settings)
    await platform.prepare()
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(platform.running())
        click.echo("modelyard works; end it with Ctrl-C", err=True)
        await ended.wait()
