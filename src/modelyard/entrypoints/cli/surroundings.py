"""What commands over REST take from their surroundings: environment, home directory, terminal.

The server's settings are one pydantic object in `settings.py`, which alone reads the environment there. A client has
other ones, and imports neither that file nor pydantic, so that commands and completions start quickly. This is
the only place of the client that reads the environment.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit

VARIABLES = {
    "MODELYARD_URL": "Address of the server, with or without `/api` at its end.",
    "MODELYARD_API_KEY": "API key as `prefix.body`.",
    "MODELYARD_API_KEY_FILE": "File that holds the API key, which is how container platforms mount secrets.",
    "MODELYARD_PROFILE": "Name of the profile to use.",
    "MODELYARD_REGISTRY_USER": "User at the registry from which `deploy` has an image pulled.",
    "MODELYARD_REGISTRY_PASSWORD": "Password of that user, or a token.",
    "AWS_ACCESS_KEY_ID": "Key for the objects of `run --s3`, which the server fetches.",
    "AWS_SECRET_ACCESS_KEY": "The secret that goes with it; the server keeps it, encrypted, until the job ends.",
    "AWS_SESSION_TOKEN": "The token that goes with keys which hold for a while.",
    "AWS_REGION": "Region of these objects, unless `--s3-region` says it.",
    "AWS_ENDPOINT_URL": "Address of another store that speaks S3, unless `--s3-endpoint` says it.",
    "XDG_CONFIG_HOME": "Directory in which `modelyard/profiles.toml` is kept, instead of `~/.config`.",
}


@dataclass(frozen=True)
class S3Account:
    """Who fetches objects from S3, and where that is."""

    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    region: str = ""
    endpoint: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What holds for commands of one shell unless options say otherwise."""

    config_directory: Path
    url: str = ""
    api_key: str = field(default="", repr=False)
    profile: str = ""
    registry_user: str = ""
    registry_password: str = field(default="", repr=False)
    s3: S3Account = field(default_factory=S3Account)
    is_interactive: bool = False
    """Whether somebody is there to answer questions."""


def find_surroundings(context: click.Context | None = None) -> Surroundings:
    """Those that were given to the command line, else those of this process. Raises CommandFailed."""
    given = (context or click.get_current_context()).find_object(Surroundings)
    return given or read_surroundings(os.environ)


def read_surroundings(environment: Mapping[str, str]) -> Surroundings:
    """Reads the variables and looks at the terminal. Raises CommandFailed."""
    return Surroundings(
        config_directory=_config_directory(environment),
        url=environment.get("MODELYARD_URL", "").strip(),
        api_key=_api_key(environment),
        profile=environment.get("MODELYARD_PROFILE", "").strip(),
        registry_user=environment.get("MODELYARD_REGISTRY_USER", ""),
        registry_password=environment.get("MODELYARD_REGISTRY_PASSWORD", ""),
        s3=S3Account(
            environment.get("AWS_ACCESS_KEY_ID", "").strip(),
            environment.get("AWS_SECRET_ACCESS_KEY", "").strip(),
            environment.get("AWS_SESSION_TOKEN", "").strip(),
            environment.get("AWS_REGION", "").strip(),
            environment.get("AWS_ENDPOINT_URL", "").strip(),
        ),
        is_interactive=sys.stdin.isatty() and sys.stderr.isatty(),
    )


def _config_directory(environment: Mapping[str, str]) -> Path:
    base = Path(environment.get("XDG_CONFIG_HOME", ""))
    home = environment.get("HOME", "")
    return (base if base.is_absolute() else (Path(home) if home else Path.home()) / ".config") / "modelyard"


def _api_key(environment: Mapping[str, str]) -> str:
    if key := environment.get("MODELYARD_API_KEY", "").strip():
        return key
    file = environment.get("MODELYARD_API_KEY_FILE", "")
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"The file of MODELYARD_API_KEY_FILE cannot be read: {error}", Exit.USAGE) from None
