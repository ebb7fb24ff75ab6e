"""The command line. Commands import what they need when they run, so that `--help` is quick."""

import click

import modelyard
from modelyard.entrypoints.cli.audit import audit
from modelyard.entrypoints.cli.options import data_dir_option


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(modelyard.__version__, prog_name="modelyard")
def main() -> None:
    """Describe, test, deploy and run any model that comes in a container.

    Every setting can be given in the environment as MODELYARD_<NAME>, a secret one also as
    MODELYARD_<NAME>_FILE.
    """


@main.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1, or MODELYARD_HOST]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on.  [default: 8080, or MODELYARD_PORT]")
@data_dir_option
def serve(host: str | None, port: int | None, data_dir: str | None) -> None:
    """Run the server. The first start prints the administrator's API key, once."""
    from modelyard.entrypoints.cli.serve import run_server

    run_server({"host": host, "port": port, "data_dir": data_dir})


@main.command()
@data_dir_option
def doctor(data_dir: str | None) -> None:
    """Check this machine and the settings; say what to do about each problem."""
    from modelyard.entrypoints.cli.doctor import run_doctor

    run_doctor({"data_dir": data_dir})


@main.command()
@data_dir_option
def migrate(data_dir: str | None) -> None:
    """Bring the database up to the newest schema."""
    from modelyard.entrypoints.cli.migrate import run_migration

    run_migration({"data_dir": data_dir})


main.add_command(audit)
