"""`modelyard export` and `modelyard import`: move a whole installation, on machines where no server runs on it."""

import asyncio
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

import click

from modelyard.adapters.registries.archive import TarArchiveReader
from modelyard.app import opened_runtime, storage_of
from modelyard.core.clock import SystemClock
from modelyard.core.counted import counted
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.sealing import Sealer
from modelyard.data_directory import SECRET_FILE, lock_data_directory, secrets_of
from modelyard.domain.transfer.installation_errors import NoInstallation, NoSecretKey, SchemaDiffers
from modelyard.domain.transfer.installation_export import InstallationExport, OpenRuntime
from modelyard.domain.transfer.installation_import import InstallationImport
from modelyard.domain.transfer.installation_manifest import Manifest, MovedImage
from modelyard.entrypoints.cli.clean_text import clean
from modelyard.entrypoints.cli.exit_codes import CommandFailed
from modelyard.entrypoints.cli.given import read_settings
from modelyard.entrypoints.cli.sealed import database_of, has_secret
from modelyard.entrypoints.cli.steps import shown_steps
from modelyard.migrations.upgrade import HEAD, read_revision, upgrade_database
from modelyard.settings import Settings

PIPE = "-"


def run_export(given: Mapping[str, Any], file: str, *, with_images: bool, overwrite: bool) -> None:
    """Writes the file, which appears when it is whole, and says what is in it."""
    settings = read_settings(given)
    directory = settings.data_dir.resolve()
    if not directory.is_dir():
        raise click.ClickException(f"There is nothing in {directory}; choose another directory with --data-dir.")
    with _plain_failures(), closing(lock_data_directory(directory)), _target(file, overwrite=overwrite) as target:
        manifest = asyncio.run(_export(settings, directory, target, with_images=with_images))
    where = "standard output" if file == PIPE else file
    click.echo(f"Exported {_told(manifest)} to {where}.", err=True)
    _name_images(manifest.missing, "the container runtime holds none" if with_images else "left out")


def run_import(given: Mapping[str, Any], file: str, *, with_images: bool) -> None:
    """Reads the file, and says what was in it and what is left to do."""
    settings = read_settings(given)
    directory = settings.data_dir.resolve()
    with _plain_failures():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(lock_data_directory(directory)), _source(file) as source:
            manifest = asyncio.run(_import(settings, directory, source, with_images=with_images))
    click.echo(f"Imported {_told(manifest)}, exported at {clean(manifest.exported_at)}.", err=True)
    _name_images(manifest.missing, "not in the file")
    if not with_images:
        _name_images(manifest.images, "left out")
    click.echo(
        f"Start the server with `modelyard serve --data-dir {shlex.quote(str(directory))}`; it collects the words for "
        "searching in the background.",
        err=True,
    )


async def _export(settings: Settings, directory: Path, target: IO[bytes], *, with_images: bool) -> Manifest:
    if (database := database_of(settings, directory)) is None:
        raise NoInstallation(directory)
    try:
        if (revision := await read_revision(database)) is None:
            raise NoInstallation(directory)
        if revision != HEAD:
            raise SchemaDiffers(
                f"The database has the schema {revision}, this version {HEAD}: run `modelyard migrate` before."
            )
        with shown_steps() as steps:
            export = InstallationExport(
                database,
                storage_of(settings),
                _sealer(settings, directory),
                SystemClock(),
                _runtime(settings, directory) if with_images else None,
                directory,
                HEAD,
            )
            return await export.write(target, steps)
    finally:
        await database.close()


async def _import(settings: Settings, directory: Path, source: IO[bytes], *, with_images: bool) -> Manifest:
    sealer = _sealer(settings, directory)
    database = Database(settings.database_address())
    try:
        if (revision := await read_revision(database)) not in {None, HEAD}:
            raise SchemaDiffers(
                f"The database has the schema {revision}, this version {HEAD}; import into an empty database."
            )
        await upgrade_database(database)
        with shown_steps() as steps:
            return await InstallationImport(
                database,
                storage_of(settings),
                sealer,
                SystemClock(),
                TarArchiveReader(settings.max_upload_bytes),
                _runtime(settings, directory) if with_images else None,
                data_dir=directory,
                uploads=directory / "uploads",
                schema=HEAD,
            ).read(source, steps)
    finally:
        await database.close()


def _sealer(settings: Settings, directory: Path) -> Sealer:
    if not has_secret(settings, directory):
        raise NoSecretKey(directory / SECRET_FILE)
    return Sealer(*secrets_of(settings, directory))


def _runtime(settings: Settings, directory: Path) -> OpenRuntime:
    return lambda: opened_runtime(settings, directory)


@contextmanager
def _plain_failures() -> Iterator[None]:
    try:
        yield
    except PlatformError as error:
        raise CommandFailed(error.message) from None
    except BrokenPipeError:
        raise CommandFailed("Whoever was to read the export has ended.") from None
    except OSError as error:
        raise CommandFailed(f"A file cannot be read or written: {error}") from None


@contextmanager
def _target(file: str, *, overwrite: bool) -> Iterator[IO[bytes]]:
    """Where the export is written to; a file is there only when all of it is, and for its owner alone."""
    if file == PIPE:
        if sys.stdout.isatty():
            raise click.UsageError("Standard output is a terminal: give a file, or lead it elsewhere.")
        yield sys.stdout.buffer
        return
    target = Path(file)
    if target.exists() and not overwrite:
        raise click.UsageError(f"{target} is there already: give another name, or --overwrite.")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as part:
            yield part
            part.flush()
            os.fsync(part.fileno())
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _source(file: str) -> Iterator[IO[bytes]]:
    if file == PIPE:
        yield sys.stdin.buffer
        return
    with Path(file).open("rb") as source:
        yield source


def _told(manifest: Manifest) -> str:
    rows, files = counted(sum(manifest.tables.values()), "row"), counted(manifest.files, "file")
    size = f"{manifest.file_bytes / 1e6:.1f} MB"
    return f"{rows}, {files} ({size}) and {counted(len(manifest.images), 'image')}"


def _name_images(images: tuple[MovedImage, ...], why: str) -> None:
    for image in images:
        click.echo(f"Not moved ({why}): {image.label}", err=True)
