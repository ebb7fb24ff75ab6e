"""The command line. Files of commands are read when one is used, so that `--help` is quick."""

import click

import modelyard
from modelyard.entrypoints.cli.lazy import LazyGroup
from modelyard.entrypoints.cli.numbers import WholeNumber
from modelyard.entrypoints.cli.options import data_dir_option

_HERE = "modelyard.entrypoints.cli"
FILES = {
    "accept": (f"{_HERE}.passwords", "Accept an invitation or choose a new password"),
    "accounts": (f"{_HERE}.accounts", "Accounts: their names, their engines, and who approves versions."),
    "approvals": (f"{_HERE}.approvals", "Versions that wait for somebody's approval."),
    "audit": (f"{_HERE}.audit", "Who did what, and whether the record of it is whole."),
    "completion": (f"{_HERE}.completion", "Print what makes a SHELL complete commands, options and names of profiles."),
    "deploy": (f"{_HERE}.deploy", "Deploy the model that FILE describes; model.yaml unless given."),
    "engines": (f"{_HERE}.engines", "Engines: the running containers of versions."),
    "jobs": (f"{_HERE}.jobs", "Jobs, and what became of their items. `modelyard run` submits one."),
    "keys": (f"{_HERE}.keys", "API keys. A key is named by its prefix, the part before the dot."),
    "login": (f"{_HERE}.login", "Sign in, and store your API key for this server in a profile."),
    "logout": (f"{_HERE}.login", "Forget the key or token of a profile."),
    "logs": (f"{_HERE}.engines", "Show what an ENGINE has written; `modelyard engines list` names engines."),
    "models": (f"{_HERE}.models", "Models of the library. A model is named by identifier or name."),
    "password": (f"{_HERE}.passwords", "Change your password."),
    "presets": (f"{_HERE}.presets", "Hardware presets, and who may choose them."),
    "profiles": (f"{_HERE}.profiles", "Servers that you have logged in to."),
    "projects": (f"{_HERE}.projects", "Projects: their members, keys and statistics."),
    "quotas": (f"{_HERE}.quotas", "Quotas: most items that a user, a team or a project may submit."),
    "roles": (f"{_HERE}.roles", "Roles, and the entitlements that they consist of."),
    "run": (
        f"{_HERE}.run",
        "Run MODEL, by identifier or name, on FILES or what the options say; MODEL@1.0.0 names a version.",
    ),
    "search": (
        f"{_HERE}.search",
        "Find models by WORDS in name, tags, summary, descriptions and cards; beginnings of words are enough.",
    ),
    "tags": (f"{_HERE}.tags", "Tags of models. A tag is named by its identifier."),
    "teams": (f"{_HERE}.teams", "Teams, their members and the roles of these."),
    "timeline": (f"{_HERE}.timeline", "Show what happened to a MODEL, given by identifier or name."),
    "users": (f"{_HERE}.users", "Users. A user is named by e-mail address or identifier."),
    "versions": (f"{_HERE}.versions", "Versions of a model. A model is named by identifier or name."),
    "whoami": (f"{_HERE}.login", "Show who the server takes you for, and how you get in."),
}
"""Each command, the file that holds it, and its line of help."""


@click.group(
    cls=LazyGroup,
    files=FILES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(modelyard.__version__, prog_name="modelyard")
def main() -> None:
    """Describe, test, deploy and run any model that comes in a container.

    `serve`, `work`, `doctor`, `migrate`, `export`, `import` and `audit verify` work on this machine; every setting
    of theirs can be given in the environment as MODELYARD_<NAME>, a secret one also as MODELYARD_<NAME>_FILE. The
    other commands talk to a server: log in, or set MODELYARD_URL and MODELYARD_API_KEY.
    """


@main.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1, or MODELYARD_HOST]")
@click.option("--port", type=WholeNumber(0, 65535), help="Port to listen on.  [default: 8080, or MODELYARD_PORT]")
@data_dir_option
def serve(host: str | None, port: int | None, data_dir: str | None) -> None:
    """Run the server. The first start prints the administrator's API key, once."""
    from modelyard.entrypoints.cli.serve import run_server

    run_server({"host": host, "port": port, "data_dir": data_dir})


@main.command()
@data_dir_option
def work(data_dir: str | None) -> None:
    """Run engines and jobs for servers that share a PostgreSQL, without answering requests.

    Give it a data directory of its own, and the servers' MODELYARD_DATABASE_URL, MODELYARD_STORAGE_URL and
    MODELYARD_SECRET_KEY.
    """
    from modelyard.entrypoints.cli.work import run_worker

    run_worker({"data_dir": data_dir})


@main.command()
@data_dir_option
def doctor(data_dir: str | None) -> None:
    """Check this machine and the settings; say what to do about each problem."""
    from modelyard.entrypoints.cli.doctor import run_doctor

    run_doctor({"data_dir": data_dir})


@main.command("rotate-secret")
@data_dir_option
def rotate_secret(data_dir: str | None) -> None:
    """Encrypt everything that is stored encrypted with a new secret key. The server must not run.

    Makes a new key in secret.key. Where the key comes from the environment: set MODELYARD_SECRET_KEY to the new key
    and MODELYARD_PREVIOUS_SECRET_KEYS to the old one before.
    """
    from modelyard.entrypoints.cli.secret_rotation import run_rotation

    run_rotation({"data_dir": data_dir})


@main.command()
@data_dir_option
def migrate(data_dir: str | None) -> None:
    """Bring the database up to the newest schema."""
    from modelyard.entrypoints.cli.migrate import run_migration

    run_migration({"data_dir": data_dir})


@main.command("export")
@click.argument("file")
@click.option("--images/--no-images", "with_images", default=True, help="With the container images of all versions.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@data_dir_option
def export_installation(file: str, data_dir: str | None, *, with_images: bool, overwrite: bool) -> None:
    """Write the whole installation to FILE, or to standard output (-). The server must not run.

    The file holds all that is in the database, stored files and container images, but not the secret key. Keep it
    like the database: whoever has it can read everything.
    """
    from modelyard.entrypoints.cli.installation import run_export

    run_export({"data_dir": data_dir}, file, with_images=with_images, overwrite=overwrite)


@main.command("import")
@click.argument("file")
@click.option("--images/--no-images", "with_images", default=True, help="With the container images in the file.")
@data_dir_option
def import_installation(file: str, data_dir: str | None, *, with_images: bool) -> None:
    """Read an exported installation from FILE, or from standard input (-), into an empty database.

    Put the secret.key of the installation into the data directory before, or set MODELYARD_SECRET_KEY to it. All of
    the file is imported, or nothing.
    """
    from modelyard.entrypoints.cli.installation import run_import

    run_import({"data_dir": data_dir}, file, with_images=with_images)
