"""The administrator's API key and password of a data directory, in files that only their owner reads.

`python -m examples.demo.key DIRECTORY` makes both for a directory that is new, and says where they are.
"""

import os
import secrets
import sys
from pathlib import Path

from examples.demo.failure import DemoFailed

FILE = "admin-key"
PASSWORD_FILE = "admin-password"  # noqa: S105 - the name of a file


def key_file(data_dir: Path) -> Path:
    """Where the key is."""
    return data_dir / FILE


def read_or_create_key(data_dir: Path) -> str:
    """The key; made once. Raises DemoFailed when a server made one of its own before."""
    file = key_file(data_dir)
    if file.exists():
        return file.read_text(encoding="utf-8").strip()
    if (data_dir / "modelyard.db").exists():
        raise DemoFailed(
            f"{data_dir} holds a database already, but its API key is not in {file}.",
            f"Write the key into that file, or choose another directory, or delete {data_dir} to start anew.",
        )
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = f"demo{secrets.token_hex(4)}.{secrets.token_hex(20)}"
    _write(data_dir / PASSWORD_FILE, secrets.token_urlsafe(12))
    _write(file, key)
    return key


def read_password(data_dir: Path) -> str:
    """The password with which the administrator signs in; empty where the demo did not make one."""
    file = data_dir / PASSWORD_FILE
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""


def _write(file: Path, secret: str) -> None:
    file.unlink(missing_ok=True)  # of a run that was interrupted before the key was written
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(secret + "\n")


def main() -> None:
    """Makes the key, and says where it is."""
    data_dir = Path(sys.argv[1])
    try:
        read_or_create_key(data_dir)
    except DemoFailed as failure:
        sys.exit(f"{failure.reason}\n{failure.details}")
    print(f"The API key is in {key_file(data_dir)}", flush=True)
    if read_password(data_dir):
        print(f"The password of admin@example.org is in {data_dir / PASSWORD_FILE}", flush=True)


if __name__ == "__main__":
    main()
