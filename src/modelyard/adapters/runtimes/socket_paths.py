"""Find room for Unix sockets, whose addresses must be short."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path

from modelyard.adapters.runtimes.base import RuntimeUnavailable

_LONGEST_DIRECTORY = 67
"""An address holds 107 bytes; file names of 32 below the directory stay well within."""


def socket_directory(wanted: Path) -> Path:
    """A directory that only this user may enter: the wanted one, or a short one where its path is too long.

    The same wish is always given the same directory, so that a restart finds what it left.
    """
    if len(os.fsencode(wanted)) <= _LONGEST_DIRECTORY:
        return _private(wanted)
    parent = Path("/run" if os.access("/run", os.W_OK) else tempfile.gettempdir())
    digest = hashlib.sha256(os.fsencode(wanted.resolve())).hexdigest()[:16]
    return _private(parent / f"modelyard-{os.getuid()}-{digest}")


def _private(directory: Path) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.is_symlink() or directory.stat().st_uid != os.getuid():
        raise RuntimeUnavailable(f"The directory {directory} for sockets belongs to somebody else; remove it.")
    directory.chmod(0o700)
    return directory


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
