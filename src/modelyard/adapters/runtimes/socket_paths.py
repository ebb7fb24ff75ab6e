"""Find room for Unix sockets, whose addresses must be short."""

import os
import socket
import tempfile
from pathlib import Path

_LONGEST_DIRECTORY = 67
"""An address holds 107 bytes; file names of 32 below the directory stay well within."""


def socket_directory(wanted: Path) -> Path:
    """A directory that only this user may enter: the wanted one, or a new one where its path is too long."""
    if len(os.fsencode(wanted)) <= _LONGEST_DIRECTORY:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        wanted.chmod(0o700)
        return wanted
    short = "/run" if os.access("/run", os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="modelyard-", dir=short))


def remove_stale_sockets(directory: Path) -> None:
    """Removes the sockets that a killed process left behind: those where nobody listens."""
    for path in directory.glob("*.sock"):
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue
