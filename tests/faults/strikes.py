"""What can happen to a server while it works. Each strikes, holds for a while, and is over when it returns."""

import contextlib
import os
import random
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from modelyard.adapters.runtimes.podman_process import podman_command
from tests.journeys.server import Server, containers_of

Strike = Callable[[Server, random.Random], None]
_SLACK = 64 * 1024
"""Bytes that stay free on a full disk: a file system rounds."""


def kill_server(server: Server, _chance: random.Random) -> None:
    """`kill -9`, and a new start."""
    server.kill()
    server.start()


def restart_server(server: Server, _chance: random.Random) -> None:
    """SIGTERM, and a new start."""
    server.stop()
    server.start()


def kill_engine(server: Server, chance: random.Random) -> None:
    """One container ends at once."""
    _to_an_engine(server, chance, "kill")


def freeze_engine(server: Server, chance: random.Random) -> None:
    """One container stops behind the platform's back, and nobody wakes it."""
    _to_an_engine(server, chance, "pause")


def remove_engine(server: Server, chance: random.Random) -> None:
    """One container is not there any more."""
    _to_an_engine(server, chance, "rm", "--force", "--time", "0")


def lock_database(server: Server, chance: random.Random) -> None:
    """Somebody else writes for longer than anybody likes to wait."""
    database = sqlite3.connect(server.data_dir / "modelyard.db", timeout=30, isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        time.sleep(chance.uniform(2, 8))
        database.execute("ROLLBACK")
    finally:
        database.close()


def fill_disk(server: Server, chance: random.Random) -> None:
    """Nothing is left of the file system of the data directory; then room is made again.

    The data directory has to be a file system of its own.
    """
    if not os.path.ismount(server.data_dir.parent):
        raise RuntimeError(f"{server.data_dir.parent} is not a file system of its own, so it is not filled up")
    ballast = server.data_dir.parent / "ballast"
    try:
        until = time.monotonic() + chance.uniform(2, 5)
        while time.monotonic() < until:  # what was freed meanwhile is taken, too
            _take_all_room(ballast)
            time.sleep(0.05)
    finally:
        ballast.unlink(missing_ok=True)


def lose_storage(server: Server, chance: random.Random) -> None:
    """The files of inputs and results are gone, and come back."""
    files = server.data_dir / "files"
    away = server.data_dir.parent / "files-away"
    if not files.exists():
        return
    files.rename(away)
    files.write_text("in the way, so that nobody makes a new one")
    try:
        time.sleep(chance.uniform(2, 5))
    finally:
        files.unlink()
        away.rename(files)


STRIKES: dict[str, Strike] = {
    "the server is killed": kill_server,
    "the server is restarted": restart_server,
    "an engine is killed": kill_engine,
    "an engine is frozen": freeze_engine,
    "an engine is removed": remove_engine,
    "the database is locked": lock_database,
    "the disk is full": fill_disk,
    "the storage is gone": lose_storage,
}


def _to_an_engine(server: Server, chance: random.Random, *command: str) -> None:
    if engines := containers_of(server):
        # It may have ended meanwhile: then nothing is left to strike.
        subprocess.run([*podman_command(), *command, chance.choice(engines)], capture_output=True, check=False)


def _take_all_room(ballast: Path) -> None:
    free = os.statvfs(ballast.parent)
    room = free.f_bavail * free.f_frsize
    if room <= _SLACK:
        return
    with ballast.open("ab") as file, contextlib.suppress(OSError):
        while room > 0:
            written = file.write(b"\0" * min(room, 16 << 20))
            file.flush()
            room -= written
