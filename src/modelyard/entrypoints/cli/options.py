"""Options that several commands have."""

from pathlib import Path

import click

EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
"""The type of an argument that names a file to read."""


def data_dir_option(command: click.decorators.FC) -> click.decorators.FC:
    """`--data-dir`, for commands that work on the files of this machine."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False),
        help="Directory of the database and all files.  [default: var, or MODELYARD_DATA_DIR]",
    )(command)
