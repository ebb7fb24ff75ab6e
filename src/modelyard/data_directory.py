"""The directory that one server keeps its data in: who may use it, its secrets, and its name."""

import fcntl
from pathlib import Path
from typing import IO

from modelyard.core.errors import Conflict
from modelyard.core.ids import new_uuid
from modelyard.core.sealing import read_or_create_secret
from modelyard.settings import Settings

SECRET_FILE = "secret.key"  # noqa: S105 - a name
NEXT_SECRET_FILE = "secret.key.next"  # noqa: S105
"""What the secret file becomes when `modelyard rotate-secret` has sealed everything with it."""


class DataDirectoryInUse(Conflict):
    """Another process serves this data directory."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"Another modelyard server uses the data directory {directory}; stop it, or choose another.")


def make_private(directory: Path) -> None:
    """Only the one who runs the server may look into it."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)


def lock_data_directory(data_dir: Path) -> IO[str]:
    """Only one process serves a data directory; the lock goes with the process, however it ends."""
    file = (data_dir / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise DataDirectoryInUse(data_dir) from None
    return file


def secrets_of(settings: Settings, data_dir: Path) -> list[bytes]:
    """The secret that seals, and the others that may have sealed something."""
    configured = settings.secret_key.get_secret_value()
    current = configured.encode() if configured else read_or_create_secret(data_dir / SECRET_FILE)
    others = [secret.get_secret_value().encode() for secret in settings.previous_secret_keys]
    if not configured and (data_dir / NEXT_SECRET_FILE).exists():  # a rotation was interrupted
        others.append(read_or_create_secret(data_dir / NEXT_SECRET_FILE))
    return [current, *others]


def read_or_create_installation(data_dir: Path) -> str:
    """The name under which this installation finds its containers again."""
    file = data_dir / "installation"
    if not file.exists():
        file.write_text(new_uuid())
    return file.read_text().strip()
