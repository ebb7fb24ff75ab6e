"""What all commands over REST share: their options, the server that they talk to, questions before dangerous steps."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import update_wrapper
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

from modelyard.entrypoints.cli.access import Access, find_access, is_local
from modelyard.entrypoints.cli.exit_codes import CommandFailed
from modelyard.entrypoints.cli.numbers import Seconds
from modelyard.entrypoints.cli.profile_file import ProfileFile
from modelyard.entrypoints.cli.shown import FORMS, Screen
from modelyard.entrypoints.cli.surroundings import find_surroundings

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

Command = Callable[..., None]
USUAL_SECONDS = 60.0


def complete_profile(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of profiles that begin so."""
    try:
        profiles = ProfileFile(find_surroundings(context).config_directory).read()
    except CommandFailed:
        return []
    return [CompletionItem(name, help=one.url) for name, one in profiles.by_name.items() if name.startswith(begun)]


def url_option(command: Command) -> Command:
    """Which server."""
    return click.option("--url", metavar="URL", help="Address of the server.  [env: MODELYARD_URL]")(command)


def profile_option(command: Command) -> Command:
    """Which profile."""
    text = "Profile to use.  [env: MODELYARD_PROFILE]"
    return click.option("--profile", metavar="NAME", help=text, shell_complete=complete_profile)(command)


def connection_options(command: Command) -> Command:
    """How to talk to the server, and how much to tell of it."""
    command = verbose_option(command)
    return click.option(
        "--timeout", type=Seconds(), default=USUAL_SECONDS, metavar="SECONDS", help="Longest time for an answer."
    )(command)


def output_option(command: Command) -> Command:
    """How to show what comes."""
    return click.option(
        "-o", "--output", "form", type=click.Choice(FORMS), default=FORMS[0], help="How to show it.  [default: table]"
    )(command)


def json_option(command: Command) -> Command:
    """The short way to JSON."""
    return click.option("--json", "as_json", is_flag=True, help="The same as -o json.")(command)


def verbose_option(command: Command) -> Command:
    """How much to tell of requests."""
    return click.option("-v", "--verbose", is_flag=True, help="Show each request on standard error.")(command)


def over_rest(command: Command) -> Command:
    """Gives a function its `server` and `screen`, and the options that say which and how."""
    return _connected(command, (connection_options, profile_option, url_option, json_option, output_option))


def over_rest_alone(command: Command) -> Command:
    """The same for commands that have --output, --json and --timeout of their own, if any."""
    return _connected(command, (verbose_option, profile_option, url_option))


def _connected(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    def run(
        url: str | None,
        profile: str | None,
        verbose: bool,
        form: str = FORMS[0],
        timeout: float = USUAL_SECONDS,
        as_json: bool = False,
        **given: Any,
    ) -> None:  # the options below
        screen, around = Screen("json" if as_json else form), find_surroundings()
        access = find_access(around, url, profile)
        if (file := ProfileFile(around.config_directory)).is_open_to_others():
            screen.note(f"Careful: others can read your keys in {file.path}. Run: chmod 600 {file.path}")
        with opened(access, screen, timeout, verbose) as server:
            command(server, screen, **given)

    decorated: Command = update_wrapper(run, command)
    for add in options:
        decorated = add(decorated)
    return decorated


@contextmanager
def opened(access: Access, screen: Screen, seconds: float, verbose: bool) -> "Iterator[Remote]":
    """The server as somebody sees it, until the context ends."""
    from modelyard.entrypoints.cli.remote import Remote

    server = Remote(access, seconds=seconds, tell=screen.note if verbose else None)
    try:
        yield server
    finally:
        server.close()


def warn_of_plain(url: str, screen: Screen) -> None:
    """Before a secret is sent."""
    if urlsplit(url).scheme == "http" and not is_local(url):
        screen.note(f"Careful: {url} is not encrypted; others on the way can read what is sent.")


def yes_option(command: Command) -> Command:
    """For commands that ask before they do it."""
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(command)


def confirm(question: str, yes: bool) -> None:
    """Goes on only when somebody says so, or has said so. Raises UsageError where nobody can be asked."""
    if yes:
        return
    if not find_surroundings().is_interactive:
        raise click.UsageError(f"{question} Nobody is here to answer: add --yes.")
    click.confirm(question, abort=True, err=True)
