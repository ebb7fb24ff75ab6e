"""Options that several commands have."""

import click


def data_dir_option(command: click.decorators.FC) -> click.decorators.FC:
    """`--data-dir`, for commands that work on the files of this machine."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False),
        help="Directory of the database and all files.  [default: var, or MODELYARD_DATA_DIR]",
    )(command)
