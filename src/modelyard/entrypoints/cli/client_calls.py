"""The Python client under commands: made from what they know, its errors shown as theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from modelyard.client import access as client_access
from modelyard.client.blocking import Client
from modelyard.client.errors import BadInputs, ClientError, Refused, Unreachable
from modelyard.entrypoints.cli.access import is_local
from modelyard.entrypoints.cli.exit_codes import BY_STATUS, CommandFailed, Exit
from modelyard.entrypoints.cli.failures import without_secret

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote


@contextmanager
def client_of(server: "Remote") -> Iterator[Client]:
    """A client for the server that a command talks to. What goes wrong is raised as CommandFailed."""
    known = server.access
    access = client_access.Access(known.url, known.authorization, known.team, is_local(known.url))
    try:
        with Client(access=access, tell=server.tell) as client:
            yield client
    except ClientError as error:
        raise CommandFailed(without_secret(known, error.message), _code(error)) from None
    except FileExistsError as error:
        raise CommandFailed(f"{error.filename} is there already; name another directory.", Exit.CONFLICT) from None
    except OSError as error:
        raise CommandFailed(f"{error.filename or 'A file'}: {error.strerror or error}", Exit.FAILED) from None


def _code(error: ClientError) -> Exit:
    if isinstance(error, Refused):
        return BY_STATUS.get(error.status, Exit.FAILED)
    if isinstance(error, Unreachable):
        return Exit.UNAVAILABLE
    return Exit.USAGE if isinstance(error, BadInputs) else Exit.FAILED
