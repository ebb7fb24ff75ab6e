"""Says plainly when a server is older than the command line, and does not know what is asked of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from modelyard.entrypoints.cli.exit_codes import CommandFailed

_UNKNOWN = ("There is nothing at", "DELETE is not possible at")


@contextmanager
def offered(what: str) -> Iterator[None]:
    """Turns the refusal of an address that the server does not know into one that names what it lacks."""
    try:
        yield
    except CommandFailed as error:
        if not error.message.startswith(_UNKNOWN):
            raise
        message = f"This server does not offer {what}; it is older than this command line."
        raise CommandFailed(message, error.code) from None
