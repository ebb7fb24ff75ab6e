"""Files for secrets that are shown once: made before the secret is asked for, readable by their owner alone."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit


@contextmanager
def new_secret_file(path: Path) -> Iterator[Callable[[str], int]]:
    """Gives what writes the file; one to which nothing was written is removed. Raises CommandFailed."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandFailed(f"{path} is there already; name another file.", Exit.USAGE) from None
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error}") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        try:
            yield file.write
            file.flush()
            os.fsync(handle)
        finally:
            if not file.tell():
                path.unlink(missing_ok=True)
