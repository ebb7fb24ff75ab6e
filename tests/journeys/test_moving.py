"""A whole installation moves to another data directory and another database, with its pictures and images."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from modelyard.adapters.runtimes.podman_process import podman_command
from tests.containers import build_image
from tests.journeys.conftest import end_server
from tests.journeys.programs import MODELS, ProgramRegistry, deploy
from tests.journeys.server import Server, containers_of, finished_results, submit_texts
from tests.pictures import encoded
from tests.postgres_cluster import Cluster

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("moving")]

StartServer = Callable[..., Server]


@pytest.fixture
def image() -> Iterator[str]:
    """An image that no other test uses, because it is removed meanwhile."""
    program = (MODELS / "misbehaving.py").read_bytes()
    labels = {"org.example.moved": str(time.time_ns())}
    made = build_image("moved", {"/app/model.py": program}, ["python3", "-u", "/app/model.py", "echo"], labels)
    yield made
    _podman("rmi", "--force", "--ignore", made)


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """The address of an empty database."""
    name = cluster.create()
    yield cluster.address(name)
    cluster.drop(name)


def test_to_postgresql_and_another_directory(
    new_server: StartServer, programs: ProgramRegistry, image: str, database: str, tmp_path: Path
) -> None:
    registry = {"MODELYARD_INSECURE_REGISTRIES": programs.address}
    old = new_server(**registry)
    model_id, _ = deploy(old, programs.push(f"moved-{time.time_ns()}", image))
    assert old.upload(f"/api/models/{model_id}/image?description=Moved", "a.png", encoded()).status == 201
    texts = {"small": "hello", "large": "x" * 80_000}
    job = submit_texts(old, model_id, texts)
    results = finished_results(old, job)
    library = old.call("GET", "/api/models").json
    pictures = _pictures(old, model_id)
    file = tmp_path / "installation.tar"
    refused = _modelyard(old, "export", str(file))
    assert refused.returncode == 1
    assert "stop it" in refused.stderr
    old.stop()

    exported = _modelyard(old, "export", str(file))

    assert exported.returncode == 0, exported.stderr
    assert "1 image " in exported.stderr
    assert file.stat().st_mode & 0o077 == 0
    image_id = _only_image(old)
    _podman("rmi", "--force", image_id)
    with pytest.raises(subprocess.CalledProcessError):
        _podman("image", "exists", image_id)
    with ExitStack() as stack:
        new = Server(tmp_path / "elsewhere", settings={**registry, "MODELYARD_DATABASE_URL": database})
        stack.callback(end_server, new)
        new.data_dir.mkdir()
        without_key = _modelyard(new, "import", str(file))
        assert without_key.returncode == 1
        assert "secret.key" in without_key.stderr
        shutil.copy(old.data_dir / "secret.key", new.data_dir)
        imported = _modelyard(new, "import", str(file))
        assert imported.returncode == 0, imported.stderr
        new.start()

        assert new.call("GET", "/api/models").json == library
        assert _pictures(new, model_id) == pictures
        assert new.call("GET", f"/api/results/{job}").json == results
        again = finished_results(new, submit_texts(new, model_id, texts))
        assert set(again["results"]) == set(texts)
        assert containers_of(new)
        new.until("/api/models/search?q=journey", lambda found: found)
        new.stop()
        verified = _modelyard(new, "audit", "verify")
        assert verified.returncode == 0, verified.stdout


def _only_image(server: Server) -> str:
    """What the container runtime calls the image of the only version."""
    with closing(sqlite3.connect(server.data_dir / "modelyard.db")) as connection:
        return str(connection.execute("SELECT image_id FROM container_images").fetchone()[0])


def _pictures(server: Server, model_id: str) -> dict[str, bytes]:
    """All pictures of a model by their paths."""
    links = server.call("GET", f"/api/models/{model_id}/image").json
    paths = {path for path in _texts(links) if "/pictures/" in path}
    assert paths
    return {path: server.call("GET", path.removeprefix(server.url)).body for path in paths}


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)


def _modelyard(server: Server, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")},
        **server.settings,
    }
    command = [sys.executable, "-m", "modelyard", *arguments, "--data-dir", str(server.data_dir)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def _podman(*arguments: str) -> str:
    return subprocess.run([*podman_command(), *arguments], check=True, capture_output=True, text=True).stdout
