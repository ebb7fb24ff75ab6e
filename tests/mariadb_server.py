"""A MariaDB of the tests' own, on loopback, in a directory that goes away."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import free_port, wait_until_listening

USER, PASSWORD, DATABASE = "reader", "the-mariadb-password", "shop"


@dataclass(frozen=True)
class MariaDb:
    """A running server. `execute` runs statements as its administrator."""

    port: int
    socket: Path

    def execute(self, statements: str) -> None:
        """Runs statements, separated by semicolons."""
        command = [
            "mariadb",
            "--no-defaults",
            f"--socket={self.socket}",
            "--user=root",
            "--default-character-set=utf8mb4",
        ]
        subprocess.run(command, input=statements.encode(), check=True, capture_output=True)


@contextlib.contextmanager
def mariadb_server() -> Iterator[MariaDb]:
    """Starts a server with a database and a user who may read it."""
    if shutil.which("mariadb-install-db") is None:
        raise RuntimeError("MariaDB is missing; scripts/setup test installs it")
    directory = Path(tempfile.mkdtemp(prefix="modelyard-mariadb-"))
    try:
        with _running(directory) as server:
            server.execute(
                f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4;"
                f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON {DATABASE}.* TO '{USER}'@'%';"
            )
            yield server
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _running(directory: Path) -> Iterator[MariaDb]:
    identity, data, socket, log = _identity(directory), directory / "data", directory / "socket", directory / "log"
    # Its temporary tables are named after processes, so two servers would take away each other's in a shared place.
    own = ["--no-defaults", f"--datadir={data}", f"--tmpdir={directory}"]
    made = subprocess.run(
        ["mariadb-install-db", *own, "--auth-root-authentication-method=normal", "--skip-test-db"],
        capture_output=True,
        check=False,
        **identity,
    )
    if made.returncode:
        raise RuntimeError(f"mariadb-install-db failed: {made.stdout.decode()[-2000:]}{made.stderr.decode()[-2000:]}")
    port = free_port()
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin") or "mariadbd"
    options = [f"--socket={socket}", f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
    small = ["--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", f"--pid-file={directory}/pid"]
    command = ["setpriv", "--pdeathsig", "KILL", program, *own, *options, *small]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **identity)
        try:
            wait_until_listening(f"127.0.0.1:{port}", process, log)
            yield MariaDb(port, socket)
        finally:
            process.kill()
            process.wait(10)


def _identity(directory: Path) -> dict[str, Any]:
    """How to start its programs: as a user without rights where we have all of them."""
    plain: dict[str, Any] = {
        "cwd": "/",
        "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"},
        "stdin": subprocess.DEVNULL,
    }
    if os.getuid():
        return plain
    user = next(user for user in pwd.getpwall() if user.pw_name in {"mysql", "nobody"})
    os.chown(directory, user.pw_uid, user.pw_gid)
    return {**plain, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
