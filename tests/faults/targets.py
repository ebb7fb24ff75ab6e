"""What faults strike: one server with everything in its directory, or two that share a database and a store."""

import contextlib
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from modelyard.adapters.storage.base import Storage
from modelyard.adapters.storage.object_store import ObjectStorage, local_storage
from tests.faults.wrong_clock import VARIABLE
from tests.journeys.conftest import end_server
from tests.journeys.programs import ProgramRegistry, deploy
from tests.journeys.server import Server
from tests.object_servers import BUCKET, ObjectServer, s3_environment, s3_server
from tests.postgres_cluster import Cluster, running_cluster
from tests.servers import docker_registry

ROOM = "3g"
"""A server wants 2 GB to start."""
MOST_ENGINES = 2
ENGINES = {"minimumParallelCapacity": 0, "maximumParallelCapacity": MOST_ENGINES}
TIMES = {"status": 20_000, "run": 5_000}
LARGE_QUOTA = 1_000_000_000


@dataclass
class Target:
    """What is struck.

    Args:
        database: its address.
        cluster: the PostgreSQL that it is on.
        store: the object store of its files.
        clock: the file that says by how many seconds the clock of the servers is wrong.
    """

    servers: list[Server]
    database: str
    storage: Storage
    clock: Path
    cluster: Cluster | None = None
    store: ObjectServer | None = None
    model_id: str = ""
    leftovers: list[str] = field(default_factory=list)

    @property
    def server(self) -> Server:
        """One that is not dead."""
        return next((one for one in self.servers if one.process and one.process.poll() is None), self.servers[0])


def can_mount() -> bool:
    """Whether this process may mount a file system."""
    with tempfile.TemporaryDirectory(prefix="my-mount-") as directory:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", directory], check=True)
        return True


@contextlib.contextmanager
def own_file_system(place: Path) -> Iterator[Path]:
    """A small file system in memory, which can be filled up without harm to anything else."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextlib.contextmanager
def lone_server() -> Iterator[Target]:
    """A server on SQLite, on a file system of its own, with an active model."""
    with _directory() as directory, own_file_system(directory) as place, _programs() as programs:
        clock = _right_clock(place)
        server = Server(place / "data", settings=_settings(programs, clock), program="tests.faults.wrong_clock")
        with _started(server):
            storage = local_storage(server.data_dir / "files")
            target = Target([server], f"sqlite:///{server.data_dir}/modelyard.db", storage, clock)
            _prepare(target, programs)
            yield target


@contextlib.contextmanager
def two_servers() -> Iterator[Target]:
    """Two servers that share a PostgreSQL and an object store, with an active model."""
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(_directory())
        programs = stack.enter_context(_programs())
        cluster = stack.enter_context(running_cluster(is_durable=True))
        (place / "s3").mkdir()
        store = stack.enter_context(s3_server(place / "s3"))
        database = cluster.address(cluster.create())
        shared = {
            **_settings(programs, clock := _right_clock(place)),
            **s3_environment(store),
            "MODELYARD_DATABASE_URL": database,
            "MODELYARD_STORAGE_URL": f"s3://{BUCKET}",
            "MODELYARD_SECRET_KEY": secrets.token_urlsafe(32),
        }
        servers = [Server(place / name, settings=shared, program="tests.faults.wrong_clock") for name in ("one", "two")]
        for server in servers:
            stack.enter_context(_started(server))
        storage = ObjectStorage(store.open_container(BUCKET))
        target = Target(servers, database, storage, clock, cluster, store)
        _prepare(target, programs)
        yield target


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="my-faults-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@contextlib.contextmanager
def _programs() -> Iterator[ProgramRegistry]:
    with _directory() as directory, docker_registry(directory) as address:
        yield ProgramRegistry(address)


@contextlib.contextmanager
def _started(server: Server) -> Iterator[None]:
    try:
        server.start()
        yield
    finally:
        end_server(server)


def _right_clock(place: Path) -> Path:
    clock = place / "clock"
    clock.write_text("0")
    return clock


def _settings(programs: ProgramRegistry, clock: Path) -> dict[str, str]:
    return {
        "MODELYARD_INSECURE_REGISTRIES": programs.address,
        "MODELYARD_ENGINE_IDLE_SECONDS": "2",
        VARIABLE: str(clock),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
    }


def _prepare(target: Target, programs: ProgramRegistry) -> None:
    """Deploys the model, and lets a quota count all items of who submits them."""
    target.model_id, _ = deploy(target.server, programs.misbehaving(), processing=ENGINES, timeout=TIMES)
    [user] = cast(list[dict[str, Any]], target.server.call("GET", "/api/accounting/users").json)
    quota = target.server.call("POST", "/api/accounting/quotas", {"user": user["identifier"], "quota": LARGE_QUOTA})
    if quota.status != 201:
        raise RuntimeError(f"no quota: {quota.status} {quota.body!r}")
