"""`modelyard audit`: the group of commands on the audit trail."""

import click

from modelyard.entrypoints.cli.options import data_dir_option


@click.group()
def audit() -> None:
    """Who did what, and whether the record of it is whole."""


@audit.command()
@data_dir_option
def verify(data_dir: str | None) -> None:
    """Find the first row of the trail that was removed, altered or inserted.

    Reads the database in the data directory of this machine, also while the server runs. Ends with 1 when something
    is wrong with the trail.
    """
    from modelyard.entrypoints.cli.verify import run_verification

    run_verification({"data_dir": data_dir})
