"""How commands end: one table from the kind of error to the exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import IO, Any

import click

from modelyard.entrypoints.cli.clean_text import clean_lines, writable
from modelyard.entrypoints.cli.wrapping import wrapped


class Exit(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_AUTHENTICATED = 3
    NOT_ALLOWED = 4
    NOT_FOUND = 5
    CONFLICT = 6
    INVALID_INPUT = 7
    LIMIT_REACHED = 8
    UNAVAILABLE = 9

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return _MEANINGS[self]


_MEANINGS = {
    Exit.DONE: "It is done.",
    Exit.FAILED: "Anything else: the server failed, or something answered that is not a modelyard server.",
    Exit.USAGE: "The command was not given as its help says, or asks and nobody is there to answer.",
    Exit.NOT_AUTHENTICATED: "No key, or one that is wrong, inactive or expired (HTTP 401).",
    Exit.NOT_ALLOWED: "The key may not do this (HTTP 403).",
    Exit.NOT_FOUND: "There is no such thing, or the key may not see it (HTTP 404).",
    Exit.CONFLICT: "The thing is not in a state in which this can be done (HTTP 409, 412).",
    Exit.INVALID_INPUT: "The server cannot use a value (HTTP 400, 413, 422).",
    Exit.LIMIT_REACHED: "A quota or a rate is used up; trying again later can help (HTTP 429).",
    Exit.UNAVAILABLE: "No server answers, not in time, or it is not ready (HTTP 502, 503, 504).",
}

BY_STATUS = {
    400: Exit.INVALID_INPUT,
    401: Exit.NOT_AUTHENTICATED,
    403: Exit.NOT_ALLOWED,
    404: Exit.NOT_FOUND,
    409: Exit.CONFLICT,
    412: Exit.CONFLICT,
    413: Exit.INVALID_INPUT,
    422: Exit.INVALID_INPUT,
    429: Exit.LIMIT_REACHED,
    502: Exit.UNAVAILABLE,
    503: Exit.UNAVAILABLE,
    504: Exit.UNAVAILABLE,
}
"""HTTP status to exit code; any other error is FAILED."""


class CommandFailed(click.ClickException):
    """Ends the command with a message on standard error. The message may hold what a server sent."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(clean_lines(message))
        self.code = code

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """What click ends the process with."""
        return int(self.code)

    def show(self, file: IO[Any] | None = None) -> None:
        """Writes the message, folded where standard error is a terminal."""
        click.echo(wrapped(writable(self.message, sys.stderr), sys.stderr, before="Error: "), file=file, err=True)


@contextmanager
def hinted(beginning: str, hint: str) -> Iterator[None]:
    """Adds what to do on the command line to a failure whose message begins so."""
    try:
        yield
    except CommandFailed as error:
        if not error.message.startswith(beginning):
            raise
        raise CommandFailed(f"{error.message}\n{hint}", error.code) from None
