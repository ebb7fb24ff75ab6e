"""Secrets that somebody types, or that come on standard input."""

import sys

import click

from modelyard.entrypoints.cli.surroundings import Surroundings

LONGEST_SECRET = 2000


def read_secret() -> str:
    """The next line of standard input. Raises UsageError."""
    text = sys.stdin.readline(LONGEST_SECRET).rstrip("\r\n")
    if not text:
        raise click.UsageError("There is nothing on standard input.")
    return text


def ask_new_password(around: Surroundings, from_stdin: bool) -> str:
    """A password to have from now on: typed twice, or from standard input. Raises UsageError."""
    if from_stdin:
        return read_secret()
    if not around.is_interactive:
        raise click.UsageError("Nobody is here to type: give --password-stdin.")
    return str(click.prompt("New password", hide_input=True, confirmation_prompt="New password, again", err=True))
