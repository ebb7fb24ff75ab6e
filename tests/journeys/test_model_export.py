"""A model moves from one server to another as one file, and answers there as it did before."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from modelyard.adapters.runtimes.podman_process import podman_command
from tests.containers import build_image
from tests.entrypoints.rest.steps import picture
from tests.journeys.conftest import end_server
from tests.journeys.server import Server, deploy_archive, finished_results, submit_texts

pytestmark = pytest.mark.containers
CARD = {"intendedUse": "To be moved.", "languages": ["en"]}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two servers that know nothing of each other; the second does not run yet."""
    with ExitStack() as stack:
        both = Server(tmp_path / "here" / "data"), Server(tmp_path / "there" / "data")
        for server in both:
            server.data_dir.parent.mkdir()
            stack.callback(end_server, server)
        both[0].start()
        yield both


def modelyard(server: Server, *arguments: str) -> Any:
    """What a command prints as JSON."""
    environment = {**os.environ, "MODELYARD_URL": server.url, "MODELYARD_API_KEY": server.key}
    command = [sys.executable, "-m", "modelyard", *arguments, "-o", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def podman(*arguments: str) -> str:
    command = [*podman_command(), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def answer_of(server: Server, model_id: str) -> Any:
    job = submit_texts(server, model_id, {"only": "a good day"})
    results = finished_results(server, job)
    return results["results"]["only"]["results.json"]


def picture_of(server: Server, model_id: str) -> tuple[str, str, bytes]:
    """Caption, alternative text and pixels of the model's picture."""
    images = server.call("GET", f"/api/models/{model_id}").json["images"]
    (shown,) = [image for image in images if image["relationType"] == "background"]
    data = server.call("GET", shown["url"]).body
    return shown["caption"], shown["alt"], Image.open(io.BytesIO(data)).convert("RGB").tobytes()


def test_a_model_moves_to_another_server(servers: tuple[Server, Server], tmp_path: Path) -> None:
    here, there = servers
    program = (Path(__file__).parents[1] / "models" / "misbehaving.py").read_bytes()
    command = ["python3", "-u", "/app/model.py", "echo"]
    image = build_image("moved", {"/app/model.py": program}, command, {"only": uuid4().hex})
    image_id = podman("image", "inspect", "--format", "{{.Id}}", image)
    model_id, path = deploy_archive(here, image, name="moved")
    assert here.call("PUT", f"{path}/card", CARD).status == 200
    assert here.upload(f"/api/models/{model_id}/image?caption=It&alt=Black", "it.png", picture()).status == 201
    before, shown = answer_of(here, model_id), picture_of(here, model_id)
    file = tmp_path / "moved.tar"

    exported = modelyard(here, "models", "export", "moved", str(file))
    assert (exported["versions"], exported["images"]) == (["0.1.0"], 1)
    here.stop()
    podman("rmi", "--force", image_id)
    assert subprocess.run([*podman_command(), "image", "exists", image_id], check=False).returncode == 1

    there.start()
    imported = modelyard(there, "models", "import", str(file), "--activate")

    assert (imported["identifier"], imported["active"], imported["notes"]) == (model_id, ["0.1.0"], [])
    assert answer_of(there, model_id) == before
    assert picture_of(there, model_id) == shown
    card = there.call("GET", f"{path}/card").json["card"]
    assert (card["intendedUse"], card["languages"]) == (CARD["intendedUse"], CARD["languages"])
    assert list((there.data_dir / "uploads").iterdir()) == []
    again = modelyard(there, "models", "import", str(file))
    assert (again["added"], again["present"]) == ([], ["0.1.0"])
