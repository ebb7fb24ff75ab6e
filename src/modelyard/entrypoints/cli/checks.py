"""The checks of `modelyard doctor` that need no container runtime; `serve` makes them before it starts."""

import os
import shutil
from pathlib import Path

from modelyard.adapters.runtimes.probe import Finding
from modelyard.settings import Settings

LITTLE_DISK = 2_000_000_000


def local_findings(settings: Settings) -> list[Finding]:
    """Whether the data directory can be used and has room, and what the settings contradict."""
    directory = settings.data_dir.resolve()
    return [_writable(directory), _free_disk(directory), _secret(settings, directory)]


def _writable(directory: Path) -> Finding:
    there = _nearest_existing(directory)
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding("DATA-01", True, f"The data directory {directory} can be written to.")
    return Finding(
        "DATA-01",
        False,
        f"The data directory {directory} cannot be written to.",
        "Choose another with --data-dir, or give this user the right to write there.",
    )


def _free_disk(directory: Path) -> Finding:
    free = shutil.disk_usage(_nearest_existing(directory)).free
    text = f"{free / 1e9:.1f} GB are free for data."
    if free >= LITTLE_DISK:
        return Finding("DATA-02", True, text)
    return Finding("DATA-02", False, text, f"Free at least {LITTLE_DISK / 1e9:.0f} GB, or choose another --data-dir.")


def _secret(settings: Settings, directory: Path) -> Finding:
    file = directory / "secret.key"
    if settings.secret_key.get_secret_value() or not file.exists():
        return Finding("SECRET-01", True, "Credentials are sealed with a key of their own.")
    if file.stat().st_mode & 0o077:
        hint = f"Run: chmod 600 {file}"
        return Finding("SECRET-01", False, "Other users can read the key that seals credentials.", hint)
    return Finding("SECRET-01", True, "Credentials are sealed with a key that only this user can read.")


def _nearest_existing(directory: Path) -> Path:
    return next(path for path in (directory, *directory.parents) if path.exists())
