"""Writes what a server sends to a file, which is there only when all of it has come."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.remote import Remote
from modelyard.entrypoints.cli.shown import Screen


def download_to(
    server: Remote,
    screen: Screen,
    path: str,
    query: Mapping[str, object],
    file: str,
    *,
    overwrite: bool,
    told: Callable[[int], None] | None = None,
) -> None:
    """Downloads to a file, or to standard output when it is `-`. Raises CommandFailed, UsageError.

    Args:
        told: is told how many bytes have come, in place of the usual line.
    """
    with contextlib.nullcontext(told) if told else screen.progress("bytes") as tell:
        if file == "-":
            if sys.stdout.isatty():
                raise click.UsageError("Standard output is a terminal: give a file, or lead it elsewhere.")
            server.download(path, query, sys.stdout.buffer, tell)
            return
        target = Path(file)
        if target.exists() and not overwrite:
            raise click.UsageError(f"{target} is there already: give another name, or --overwrite.")
        try:
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")  # made with mode 0600
            try:
                with os.fdopen(handle, "wb") as part:
                    server.download(path, query, part, tell)
                Path(name).replace(target)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise CommandFailed(f"{target} cannot be written: {error}", Exit.FAILED) from None
    screen.note(f"Written to {target}.")
