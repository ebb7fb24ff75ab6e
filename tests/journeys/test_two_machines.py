"""Two servers whose container runtimes share no images: who lacks one gets it from its registry or the storage."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.adapters.runtimes.podman_process import podman_command
from tests.containers import build_image
from tests.journeys.programs import (
    MODELS,
    ProgramRegistry,
    deploy,
    wait_until,
)
from tests.journeys.server import Server, deploy_archive, finished_results, submit_texts
from tests.journeys.test_two_servers import running
from tests.postgres_cluster import Cluster
from tests.second_podman import SecondPodman, second_podman

pytestmark = [pytest.mark.containers, pytest.mark.slow]


@pytest.fixture
def settings(cluster: Cluster, programs: ProgramRegistry, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the processes of one installation have in common."""
    name = cluster.create()
    yield {
        "MODELYARD_DATABASE_URL": cluster.address(name),
        "MODELYARD_STORAGE_URL": f"file://{tmp_path}/files",
        "MODELYARD_SECRET_KEY": "a secret that both servers know, which is long enough",
        "MODELYARD_INSECURE_REGISTRIES": programs.address,
    }
    cluster.drop(name)


@pytest.fixture(scope="module")
def other() -> Iterator[SecondPodman]:
    with second_podman() as podman:
        yield podman


@pytest.fixture
def first(settings: dict[str, str], tmp_path: Path) -> Server:
    return Server(tmp_path / "one", settings=settings)


@pytest.fixture
def second(settings: dict[str, str], other: SecondPodman, tmp_path: Path) -> Server:
    """The server on the machine without images."""
    return Server(tmp_path / "two", settings={**settings, "MODELYARD_RUNTIME_SOCKET": other.socket})


def program(word: str) -> str:
    """An image that no other test has."""
    source = (MODELS / "misbehaving.py").read_bytes() + f"\n# {word}\n".encode()
    return build_image("misbehaving", {"/app/model.py": source}, ["python3", "-u", "/app/model.py", "echo"])


def image_id_of(image: str) -> str:
    command = [*podman_command(), "image", "inspect", "--format", "{{.Id}}", image]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def copies(first: Server) -> list[Path]:
    return list((first.data_dir.parent / "files" / "images").glob("*"))


def runs(server: Server, model_id: str) -> bool:
    """Whether a job comes to a good end."""
    results = finished_results(server, submit_texts(server, model_id, {"one": "text"}), seconds=90)
    return results["failures"] == {} and len(results["results"]) == 1


def test_the_image_follows_the_work(
    first: Server, second: Server, other: SecondPodman, programs: ProgramRegistry
) -> None:
    with running(first):
        uploaded, _ = deploy_archive(first, program("uploaded"))
        pulled, _ = deploy(first, programs.push("pulled", program("pulled")))
        assert len(copies(first)) == 1
    assert other.run("images", "--quiet") == ""
    with running(second):
        assert runs(second, uploaded)
        assert runs(second, pulled)
        assert len(other.run("images", "--quiet", "--no-trunc").splitlines()) >= 2
        assert list((second.data_dir / "uploads").iterdir()) == []

        exported = second.call("GET", f"/api/models/{uploaded}/export")
        assert (exported.status, b"images/" in exported.body) == (200, True)
        removed = f"/api/models/{uploaded}?hard=true"
        assert wait_until(lambda: second.call("DELETE", removed).status == 204, seconds=30)  # once its engine rests
        assert wait_until(lambda: copies(first) == [], seconds=30)
    marks = first.data_dir / "images"
    assert len(list(marks.iterdir())) == 2
    with running(first):
        assert wait_until(lambda: len(list(marks.iterdir())) == 1)  # who was away removes its image, too


def test_an_uploaded_image_without_a_copy_says_so(first: Server, second: Server, other: SecondPodman) -> None:
    first.settings["MODELYARD_IMAGE_COPIES"] = "never"
    with running(first):
        model_id, _ = deploy_archive(first, program("without a copy"))
        assert copies(first) == []
    with running(second):
        job = submit_texts(second, model_id, {"one": "text"})
        waiting = second.until(f"/api/jobs/{job}", lambda found: "could not get it" in json.dumps(found), seconds=30)
        assert "MODELYARD_IMAGE_COPIES=always" in json.dumps(waiting)
        models = second.call("GET", "/api/resources/processing/models").body.decode()
        assert "could not get it" in models
        with running(first):  # which has the image
            results = finished_results(first, job, seconds=60)
    assert len(results["results"]) == 1


def test_the_machine_that_has_the_image_starts_the_engine(first: Server, second: Server, other: SecondPodman) -> None:
    image = program("preferred")
    with running(first):
        model_id, _ = deploy_archive(first, image)
        with running(second):
            assert runs(second, model_id)
            assert not other.has(image_id_of(image))
