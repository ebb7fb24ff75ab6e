"""Write the pages of docs/reference from the code itself; with --check only compare."""

import sys
from collections.abc import Callable, Iterator, Set
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.roles import PERMISSIONS, Role
from modelyard.entrypoints.cli import main as command_line
from modelyard.entrypoints.cli.exit_codes import Exit
from modelyard.entrypoints.cli.over_rest import over_rest
from modelyard.entrypoints.cli.surroundings import VARIABLES
from modelyard.entrypoints.rest.route_permissions import ROUTES, Rule
from modelyard.settings import Settings

DIRECTORY = Path(__file__).parent.parent / "docs" / "reference"

HEAD = """\
# Settings

A setting is read from the environment variable below, or from the file that the same name with `_FILE`
at its end holds, which is how container platforms mount secrets. Lists are separated by commas.

| variable | default | meaning |
|---|---|---|
"""


def render_settings() -> str:
    """The whole page as Markdown."""
    prefix = Settings.model_config["env_prefix"]
    return HEAD + "".join(_row(prefix + name.upper(), field) for name, field in Settings.model_fields.items())


def _row(variable: str, field: FieldInfo) -> str:
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{variable}` | {_default(field.default)} | {meaning} |\n"


def _default(value: Any) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, tuple):
        value = ",".join(value)
    return "empty" if value in ("", None) else f"`{value}`"


COMMANDS_HEAD = """\
# Command line

All commands with their options; [the guide](../guide/command-line.md) shows how they are used.
"""


def render_commands() -> str:
    """Exit codes, variables, and every command with its options."""
    context = click.Context(command_line, info_name="modelyard", max_content_width=100)
    shared = click.Command("any", callback=None, params=over_rest(_nothing).__click_params__[::-1])  # type: ignore[attr-defined]
    sections = [
        COMMANDS_HEAD,
        "\n## Exit codes\n\n| code | means |\n|---|---|\n",
        *(f"| {code.value} | {code.meaning} |\n" for code in Exit),
        "\n## Environment\n\nRead by the commands that talk to a server.\n\n| variable | meaning |\n|---|---|\n",
        *(f"| `{name}` | {meaning} |\n" for name, meaning in VARIABLES.items()),
        "\n## Options of all commands that talk to a server\n\n",
        _options(shared, context),
        *_command_sections(command_line, context, {parameter.name for parameter in shared.params}),
    ]
    return "".join(sections)


def _nothing(*_: Any, **__: Any) -> None:
    """A command without options of its own."""


def _command_sections(group: click.Group, context: click.Context, shared: Set[str | None]) -> Iterator[str]:
    """A section for each command below the group, in the order of their names."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None  # noqa: S101 - it is in the list
        inner = click.Context(command, parent=context, info_name=name)
        usage = " ".join([inner.command_path, *command.collect_usage_pieces(inner)])
        yield f"\n{'###' if context.parent else '##'} {inner.command_path}\n\n    {usage}\n\n{_help(command)}\n"
        if isinstance(command, click.Group):
            yield from _command_sections(command, inner, shared)
            continue
        names = {parameter.name for parameter in command.params}
        if options := _options(command, inner, leave_out=shared if names >= shared else set()):
            yield f"\n{options}"


def _help(command: click.Command) -> str:
    paragraphs = [paragraph.strip("\n") for paragraph in (command.help or "").split("\n\n")]
    return "\n\n".join(_literal(text) if text.startswith("\b\n") else text for text in paragraphs)


def _literal(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines()[1:])


def _options(command: click.Command, context: click.Context, leave_out: Set[str | None] = frozenset()) -> str:
    records = [
        record
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in leave_out
        if (record := parameter.get_help_record(context))
    ]
    rows = [f"| `{names}` | {meaning} |\n" for names, meaning in map(_escaped, records)]
    return "| option | meaning |\n|---|---|\n" + "".join(rows) if rows else ""


def _escaped(record: tuple[str, str]) -> tuple[str, str]:
    names, meaning = record
    return names.replace("|", "\\|"), meaning.replace("|", "\\|")


PERMISSIONS_HEAD = """\
# Permissions

Each cell says how far a role's permission reaches: over one's *own* things (for a project's key: the project's),
those of the *team* that one acts for, of the *account*, or of *all* accounts. In the admin team, *team* means the
account. Whoever has several roles has the furthest reach of all of them. An entitlement is a permission as the API
names it; both names can be used for the scopes of keys and in custom roles.

Nobody gives a role that administers more than they do: `roles:assign` and each `…:manage` in it but that of projects,
and each permission that reaches *all*, has to reach as far for the giver, with the scopes of the key that they use.
Team administrators can give `DATA_SCIENTIST`, `DEVELOPER` and `ACCOUNT_ADMIN`.

"""


ROUTES_HEAD = """
## What routes ask for

*public*: no key; *any key*: every caller who is known; *signed in*: a person with a session or a token.

| route | asks for |
|---|---|
"""


def render_permissions() -> str:
    """The table of roles, what each permission means, and what each route asks for."""
    routes = sorted(ROUTES.items(), key=_by_path)
    titles = " | ".join(f"`{role}`" for role in Role)
    return "".join(
        [
            PERMISSIONS_HEAD,
            f"| permission | {titles} |\n|---|{'---|' * len(Role)}\n",
            *(f"| `{each}` | {' | '.join(_reach(role, each) for role in Role)} |\n" for each in Permission),
            "\n## What they mean\n\n| permission | entitlement | meaning |\n|---|---|---|\n",
            *(f"| `{each}` | `{each.entitlement}` | {each.meaning} |\n" for each in Permission),
            ROUTES_HEAD,
            *(f"| `{method} {path}` | {_rule(rule)} |\n" for (method, path), rule in routes),
        ]
    )


def _reach(role: Role, permission: Permission) -> str:
    words = {None: "", Reach.OWN: "own", Reach.TEAM: "team", Reach.ACCOUNT: "account", Reach.INSTALLATION: "all"}
    return words[PERMISSIONS[role].get(permission)]


def _rule(rule: Rule) -> str:
    return f"`{rule}`" if isinstance(rule, Permission) else f"*{rule}*"


def _by_path(route: tuple[tuple[str, str], Rule]) -> tuple[str, str]:
    method, path = route[0]
    return path, method


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": render_settings,
    "command-line.md": render_commands,
    "permissions.md": render_permissions,
}
FOOT = "\n---\n\nThis page is written by `scripts/reference.py`, from the code.\n"


def main() -> int:
    """Write or, with --check, compare the pages; 1 when one differs."""
    behind = []
    for name, render in PAGES.items():
        page, text = DIRECTORY / name, render().rstrip() + "\n" + FOOT
        if "--check" not in sys.argv:
            page.write_text(text, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            behind.append(name)
    if behind:
        print(f"{', '.join(behind)}: behind the code; run .venv/bin/python scripts/reference.py", file=sys.stderr)
    return 1 if behind else 0


if __name__ == "__main__":
    sys.exit(main())
