"""Every command has help, the list of commands agrees with the commands, and help imports next to nothing."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from modelyard.entrypoints.cli import FILES, main
from modelyard.entrypoints.cli.lazy import LazyGroup
from tests.entrypoints.cli.shell import Shell

HEAVY = ("aiohttp", "alembic", "asyncio", "fastapi", "httpx", "pydantic", "rich", "sqlalchemy", "uvicorn")


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[list[str], click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield [name], command
        if isinstance(command, click.Group):
            yield from (([name, *path], inner) for path, inner in _commands(command, context))


ALL = list(_commands(main, click.Context(main)))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(("user", "list"), "'users'"), (("users", "lst"), "'list'"), (("projects", "keys", "lits"), "'list'")],
)
def test_a_misspelt_command(shell: Shell, typed: tuple[str, ...], meant: str) -> None:
    result = shell.run(*typed)

    assert (result.exit_code, f"Did you mean {meant}" in result.stderr) == (2, True)


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_every_command_has_help(shell: Shell, path: list[str]) -> None:
    result = shell.run(*path, "-h")

    assert result.exit_code == 0
    assert f"Usage: main {' '.join(path)}" in result.output


def test_every_command_and_option_is_explained() -> None:
    silent = [" ".join(path) for path, command in ALL if not command.help]
    silent += [
        f"{' '.join(path)} {parameter.name}"
        for path, command in ALL
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]

    assert silent == []


def test_the_list_of_commands_says_what_their_help_says() -> None:
    assert isinstance(main, LazyGroup)
    helps = {path[0]: command.help or "" for path, command in ALL if len(path) == 1}
    opening = {name: line.rstrip(".") for name, (_, line) in FILES.items()}

    assert {name: helps[name][: len(line)] for name, line in opening.items()} == opening


def test_help_of_every_command_imports_nothing_heavy() -> None:
    paths = [path for path, _ in ALL]
    script = (
        "import sys\nfrom modelyard.entrypoints.cli import main\n"
        f"for path in {paths!r}:\n"
        "    main([*path, '--help'], standalone_mode=False)\n"
        f"print('loaded', sorted(set({HEAVY}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert done.stdout.splitlines()[-1] == "loaded []"


def test_help_of_all_reads_no_file_of_a_command() -> None:
    script = (
        "import sys\nfrom modelyard.entrypoints.cli import FILES, main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print('loaded', sorted({file for file, _ in FILES.values()} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert done.stdout.splitlines()[-1] == "loaded []"
