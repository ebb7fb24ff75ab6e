"""A PostgreSQL of the tests' own: started in a directory that goes away, reached through a socket in it."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

SETTINGS = {
    "listen_addresses": "",
    # What a test loses by a power cut nobody misses.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
USER = "modelyard"
SECONDS_TO_START = 60
LANGUAGE = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
"""One whose order of texts is another than ours, as most installations have it."""
_PLACES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Cluster:
    """A running server and its databases. `commands`: a connection that makes and drops them."""

    directory: Path
    commands: psycopg.Connection
    port: int = 5432
    _numbers: "count[int]" = field(default_factory=count)

    def create(self, template: str = "template1") -> str:
        """Makes a database, a copy of another unless it is new, and says its name."""
        name = f"db{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, name: str) -> None:
        """Removes a database, whoever is connected to it."""
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def address(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://{USER}@/{name}?host={self.directory}&port={self.port}"

    def _do(self, command: str) -> None:
        self.commands.execute(command.encode())


@contextlib.contextmanager
def running_cluster(*, loopback_port: int | None = None, is_durable: bool = False) -> Iterator[Cluster]:
    """Starts a server; stops it and removes all of it afterwards.

    Args:
        loopback_port: where it listens besides, for users with passwords.
        is_durable: that it remembers what is committed when it crashes; the machine must not.
    """
    port = loopback_port or 5432
    directory = Path(tempfile.mkdtemp(prefix="modelyard-pg-", dir=_fast_place()))
    try:
        with (
            _running(directory, loopback_port, is_durable=is_durable) as server,
            _connected(directory, port, server) as commands,
        ):
            yield Cluster(directory, commands, port)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _running(directory: Path, loopback_port: int | None, *, is_durable: bool) -> Iterator["subprocess.Popen[bytes]"]:
    identity, data = _identity(directory), directory / "data"
    initdb = [_program("initdb"), f"--pgdata={data}", f"--username={USER}", "--auth=trust", "--no-sync", *LANGUAGE]
    done = subprocess.run(initdb, capture_output=True, text=True, check=False, **identity)
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr[-2000:]}")
    settings = SETTINGS | ({"synchronous_commit": "on"} if is_durable else {})
    if loopback_port is not None:
        settings |= {"listen_addresses": "127.0.0.1", "port": str(loopback_port)}
        (data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    options = [f"--{name}={value}" for name, value in settings.items()]
    # It ends with the tests, however they end.
    command = ["setpriv", "--pdeathsig", "QUIT", _program("postgres"), f"-D{data}", f"-k{directory}", *options]
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, **identity)
    try:
        yield server
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(30)


def _identity(directory: Path) -> dict[str, Any]:
    """How to start PostgreSQL's programs: as a user without rights, or they refuse, and with nothing of ours."""
    plain: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C"}, "stdin": subprocess.DEVNULL}
    if os.getuid():
        return plain
    user = next(user for user in pwd.getpwall() if user.pw_name in {"postgres", "nobody"})
    os.chown(directory, user.pw_uid, user.pw_gid)
    return {**plain, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _connected(directory: Path, port: int, server: "subprocess.Popen[bytes]") -> psycopg.Connection:
    address = f"postgresql://{USER}@/postgres?host={directory}&port={port}"
    give_up = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            return psycopg.connect(address, autocommit=True)
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"PostgreSQL did not start: {(directory / 'log').read_text()[-2000:]}") from None
            time.sleep(0.02)


def _program(name: str) -> str:
    """The newest version's; Debian keeps them apart, and not all in the path."""
    versions = sorted(_PLACES.glob(f"*/bin/{name}"), key=lambda path: int(path.parent.parent.name))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise RuntimeError("PostgreSQL is missing; scripts/setup test installs it")
    return found


def _fast_place() -> str | None:
    """In memory, where there is room for some databases; a container may have little."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2_000_000_000
    return str(memory) if has_room else None
