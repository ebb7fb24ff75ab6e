"""What the journeys of the Python client share: registries with images, a server, the client, a deployed model."""

import asyncio
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.containers import build_image
from tests.journeys.python_sdk.client import PythonSdk, python_sdk
from tests.journeys.python_sdk.values import ACCOUNT, METRIC, TAGS, Deployed, Registries
from tests.journeys.server import KEY, Server, containers_of
from tests.servers import docker_registry, push_image, synthetic_image

SLOW_MS = 3000


@pytest.fixture(scope="session")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registries]:
    """With `team/echo:1`, `team/slow:1` and `team/edge:1`, the last for another architecture."""
    public, private = tmp_path_factory.mktemp("public"), tmp_path_factory.mktemp("private")
    (public / "registry").mkdir()
    (private / "registry").symlink_to(public / "registry")
    with (
        docker_registry(public) as open_address,
        docker_registry(private, {"robot": ACCOUNT["pass"]}) as closed_address,
    ):
        _push(_model_image("echo"), f"{open_address}/team/echo:1")
        _push(_model_image("slow", f"DELAY_MS={SLOW_MS}"), f"{open_address}/team/slow:1")
        image = synthetic_image("arm64", _layer())
        asyncio.run(push_image(f"http://{open_address}", "team/edge", "1", image))
        yield Registries(open_address, closed_address)


def _model_image(name: str, *environment: str) -> str:
    program = (Path(__file__).parents[2] / "models" / "misbehaving.py").read_bytes()
    command = ["env", *environment, "python3", "-u", "/app/model.py", "echo"]
    return build_image(name, {"/app/model.py": program}, command)


def _push(image: str, reference: str) -> None:
    command = ["podman", "push", "--quiet", "--tls-verify=false", image, f"docker://{reference}"]
    subprocess.run(command, check=True, capture_output=True)


def _layer() -> bytes:
    """An empty file in an archive, so that the runtime can unpack it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model"))
    return file.getvalue()


@pytest.fixture(scope="session")
def sdk_server(registries: Registries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows the registries."""
    insecure = f"{registries.public},{registries.private}"
    own = Server(tmp_path_factory.mktemp("sdk") / "data", settings={"MODELYARD_INSECURE_REGISTRIES": insecure})
    try:
        own.start()
        yield own
    finally:
        own.stop()
    assert containers_of(own) == []


@pytest.fixture(scope="session")
def sdk(sdk_server: Server) -> Iterator[PythonSdk]:
    with python_sdk(f"{sdk_server.url}/api", KEY) as client:
        yield client


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a sample input."""
    path = tmp_path_factory.mktemp("sample") / "sample.json"
    path.write_text('{"text": "a good day"}')
    return str(path)


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a picture."""
    path = tmp_path_factory.mktemp("picture") / "card.png"
    Image.new("RGB", (1440, 1024), "teal").save(path)
    return str(path)


@pytest.fixture(scope="session")
def deployed(sdk: PythonSdk, registries: Registries, sample: str, picture: str) -> Deployed:
    words = {
        "short_description": "Says it again.",
        "long_description": "A *long* text.",
        "technical_details": "It copies.",
        "performance_summary": "Fast.",
    }
    inputs = [
        {
            "name": "input",
            "acceptedMediaTypes": "application/json,text/plain",
            "maximumSize": 3_000_000,
            "description": "in",
        }
    ]
    outputs = [{"name": "results.json", "mediaType": "application/json", "maximumSize": 90_000, "description": "out"}]
    first = sdk.call(
        "models.deploy",
        f"{registries.public}/team/echo:1",
        "SDK echo",
        "1.0.0",
        sample_input_file=sample,
        run_timeout=20,
        status_timeout="30",
        tags=TAGS,
        cpu_count=1,
        memory=0.5,
        performance_metrics=[METRIC],
        input_details=inputs,
        output_details=outputs,
        model_picture=picture,
        **words,
    )
    facts = json.loads(first["model_data"])
    second = sdk.call(
        "models.deploy",
        f"{registries.private}/team/slow:1",
        "SDK echo",
        "1.1.0",
        sample_input_file=sample,
        credentials=ACCOUNT,
        model_id=facts["model"]["modelId"],
        tags=TAGS,
    )
    return Deployed(facts["model"]["modelId"], facts, json.loads(second["model_data"]), first["container_url"])
