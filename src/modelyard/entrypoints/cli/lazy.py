"""A group of commands whose files are read only when one of them is used, so that `--help` stays quick."""

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from modelyard.entrypoints.cli.wrapping import wrapped


class Group(click.Group):
    """A group of commands that says which one was perhaps meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            close = get_close_matches(name, self.list_commands(ctx))
            meant = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
            ctx.fail(f"There is no command {name!r}.{meant}")
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """Knows its commands by the file that holds them, and by one line of help.

    Args:
        files: name of a command to the module with a command of that name, and its line in the list of commands.
    """

    def __init__(self, *arguments: Any, files: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.files = dict(files)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.files})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.files:
            return super().get_command(ctx, cmd_name)
        command = getattr(import_module(self.files[cmd_name][0]), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)  # noqa: S101 - a test walks through all of them
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = {name: text for name, (_, text) in self.files.items()}
        own = {name: command.get_short_help_str(100) for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted((lines | own).items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except ModuleNotFoundError as error:
            if (error.name or "modelyard").partition(".")[0] == "modelyard":
                raise
            hint = "Install the server with it: pip install 'modelyard[server]'"
            raise click.ClickException(f"This needs the Python package {error.name}. {hint}") from None
        except click.UsageError as error:
            message = wrapped(error.format_message(), sys.stderr, before="Error: ").removeprefix("Error: ")
            raise click.UsageError(message, error.ctx) from None
