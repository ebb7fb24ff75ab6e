"""Settings as the command line and the environment give them."""

from collections.abc import Mapping
from typing import Any

import click
from pydantic import ValidationError
from pydantic_settings import SettingsError

from modelyard.entrypoints.body_problems import told_problems
from modelyard.settings import Settings


def read_settings(given: Mapping[str, Any]) -> Settings:
    """Options that were given win over the environment. A wrong value ends the command with its reason."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        entries = error.errors(include_url=False)
        problems = told_problems(entries, {entry["loc"][0]: entry["input"] for entry in entries if entry["loc"]})
        raise click.ClickException("\n  ".join(["Some settings cannot be used:", *problems])) from None
    except SettingsError as error:
        raise click.ClickException(f"A file of a setting cannot be read: {error.__cause__ or error}") from None
