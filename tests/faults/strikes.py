"""What can happen to servers while they work. Each strikes, holds for a while, and is over when it returns."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from modelyard.adapters.runtimes.podman_process import podman_command
from tests.faults.jobs import OutcomesWrong, check, send
from tests.faults.targets import Target
from tests.journeys.server import containers_of

Strike = Callable[[Target, random.Random], None]
_SLACK = 64 * 1024
"""Bytes that stay free on a full disk: a file system rounds."""


def kill_server(target: Target, chance: random.Random) -> None:
    """`kill -9`, and a new start; where there are two, the other one has some time to take over."""
    victim = chance.choice(target.servers)
    victim.kill()
    if len(target.servers) > 1:
        time.sleep(chance.uniform(0, 12))
    victim.start()


def restart_server(target: Target, chance: random.Random) -> None:
    """SIGTERM, and a new start."""
    victim = chance.choice(target.servers)
    victim.stop()
    victim.start()


def kill_engine(target: Target, chance: random.Random) -> None:
    """One container ends at once."""
    _to_an_engine(target, chance, "kill")


def freeze_engine(target: Target, chance: random.Random) -> None:
    """One container stops behind the platform's back, and nobody wakes it."""
    _to_an_engine(target, chance, "pause")


def remove_engine(target: Target, chance: random.Random) -> None:
    """One container is not there any more."""
    _to_an_engine(target, chance, "rm", "--force", "--time", "0")


def lock_database(target: Target, chance: random.Random) -> None:
    """Somebody else writes for longer than anybody likes to wait."""
    database = sqlite3.connect(target.server.data_dir / "modelyard.db", timeout=30, isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        time.sleep(chance.uniform(2, 8))
        database.execute("ROLLBACK")
    finally:
        database.close()


def fill_disk(target: Target, chance: random.Random) -> None:
    """Nothing is left of the file system of the data directory; then room is made again.

    The data directory has to be a file system of its own.
    """
    if not os.path.ismount(target.server.data_dir.parent):
        raise RuntimeError(f"{target.server.data_dir.parent} is not a file system of its own, so it is not filled up")
    ballast = target.server.data_dir.parent / "ballast"
    try:
        until = time.monotonic() + chance.uniform(2, 5)
        while time.monotonic() < until:  # what was freed meanwhile is taken, too
            _take_all_room(ballast)
            time.sleep(0.05)
    finally:
        ballast.unlink(missing_ok=True)


def lose_storage(target: Target, chance: random.Random) -> None:
    """The files of inputs and results are gone, and come back."""
    files = target.server.data_dir / "files"
    away = target.server.data_dir.parent / "files-away"
    if not files.exists():
        return
    files.rename(away)
    if chance.random() < 0.5:
        files.mkdir()  # as where a file system is not mounted
    try:
        time.sleep(chance.uniform(2, 5))
    finally:
        if files.exists():
            files.rmdir()  # fails where somebody has put files into it
        away.rename(files)


def stop_engine_by_signal(target: Target, chance: random.Random) -> None:
    """The program of one container is stopped, and nobody lets it go on; the runtime does not know of it."""
    if not (engines := _engines(target)):
        return
    command = [*podman_command(), "inspect", "--format", "{{.State.Pid}}", chance.choice(engines)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    with contextlib.suppress(ProcessLookupError, ValueError):
        if pid := int(found.stdout):  # 0 when it has ended
            os.kill(pid, signal.SIGSTOP)


BAD = ("oom-on-run", "crashes-in-run", "answers-garbage", "answers-wrong-json", "answers-too-long", "breaks-off")


def misbehave(target: Target, chance: random.Random) -> None:
    """Some items make the program take all memory, crash, or answer nonsense: they fail, and those beside them do not.

    Raises OutcomesWrong.
    """
    bad = {f"bad {mode}": f"please:{mode}" for mode in chance.sample(BAD, k=2)}
    good = {f"good {number}": f"{number}" for number in range(20)}
    names = [*bad, *good]
    chance.shuffle(names)
    sent = send(target, {name: (bad | good)[name] for name in names})
    counts = check(target, sent)
    if counts["bad"] != len(bad):
        raise OutcomesWrong(f"of {len(bad)} items that cannot be run {counts['bad']} failed: {counts}")


def set_clock(target: Target, chance: random.Random) -> None:
    """Somebody sets the machine's clock by hours, forwards or back, and then right again."""
    for hours in (chance.choice((-30, -2, 3, 800)), 0):
        target.clock.write_text(str(hours * 3600))
        time.sleep(chance.uniform(1, 4))


def stop_store(target: Target, chance: random.Random) -> None:
    """The object store does not answer, and then it does again."""
    if target.store and target.store.process:
        target.store.process.send_signal(signal.SIGSTOP if chance.random() < 0.3 else signal.SIGKILL)
        time.sleep(chance.uniform(2, 6))
        target.store.process.send_signal(signal.SIGCONT)
        target.store.restart()


def cut_connections(target: Target, chance: random.Random) -> None:
    """PostgreSQL ends all connections, some times."""
    for _ in range(chance.randint(1, 4)):
        with _postgres(target) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid != pg_backend_pid() AND datname = current_database()"
            )
        time.sleep(chance.uniform(0.1, 1.5))


def lock_tables(target: Target, chance: random.Random) -> None:
    """Somebody holds tables for longer than anybody likes to wait; or both wait for each other, and one gives way."""
    with (
        contextlib.suppress(psycopg.errors.DeadlockDetected),
        _postgres(target) as connection,
        connection.transaction(),
    ):
        connection.execute("SET LOCAL lock_timeout = '20s'")
        connection.execute("LOCK TABLE job_items, jobs, engines IN ACCESS EXCLUSIVE MODE")
        time.sleep(chance.uniform(2, 8))


def crash_postgres(target: Target, _chance: random.Random) -> None:
    """A process of PostgreSQL is killed, so all of it ends, recovers and starts again."""
    with contextlib.suppress(psycopg.Error), _postgres(target) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.Error), _postgres(target):
            return
        time.sleep(0.1)
    raise RuntimeError("PostgreSQL does not come up again")


_ANYWHERE: dict[str, Strike] = {
    "a server is killed": kill_server,
    "a server is restarted": restart_server,
    "an engine is killed": kill_engine,
    "an engine is frozen": freeze_engine,
    "an engine is stopped by a signal": stop_engine_by_signal,
    "an engine is removed": remove_engine,
    "a model misbehaves": misbehave,
    "the clock is set": set_clock,
}
ALONE: dict[str, Strike] = _ANYWHERE | {
    "the database is locked": lock_database,
    "the disk is full": fill_disk,
    "the storage is gone": lose_storage,
}
"""What can strike a server with everything in its directory."""
SHARED: dict[str, Strike] = _ANYWHERE | {
    "connections are cut": cut_connections,
    "tables are locked": lock_tables,
    "PostgreSQL crashes": crash_postgres,
    "the object store is stopped": stop_store,
}
"""What can strike two that share a PostgreSQL and an object store."""


def _postgres(target: Target) -> psycopg.Connection:
    return psycopg.connect(target.database, autocommit=True)


def _engines(target: Target) -> list[str]:
    return [engine for server in target.servers for engine in containers_of(server)]


def _to_an_engine(target: Target, chance: random.Random, *command: str) -> None:
    if engines := _engines(target):
        # It may have ended meanwhile: then nothing is left to strike.
        subprocess.run([*podman_command(), *command, chance.choice(engines)], capture_output=True, check=False)


def _take_all_room(ballast: Path) -> None:
    free = os.statvfs(ballast.parent)
    room = free.f_bavail * free.f_frsize
    if room <= _SLACK:
        return
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:  # others take what is left, too
        while room > 0:
            written = file.write(b"\0" * min(room, 16 << 20))
            file.flush()
            room -= written
