"""Images come from registries: a real one through podman, and what docker would answer."""

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web

from modelyard.adapters.runtimes.base import Credentials, ImageNotFound, ImagePullFailed, PullProgress
from modelyard.adapters.runtimes.docker_api import DockerApiRuntime
from modelyard.adapters.runtimes.podman_process import podman_command
from modelyard.adapters.runtimes.tiny_image import write_tiny_archive
from tests.containers import can_run_containers
from tests.seams.runtime_cast import PodmanCast, podman_cast
from tests.servers import docker_registry, has_docker_registry

needs_registry = pytest.mark.skipif(
    not (can_run_containers() and has_docker_registry()), reason="podman or docker-registry is not installed"
)
ALICE = Credentials("alice", "alices-secret")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    with docker_registry(tmp_path, {ALICE.username: ALICE.password}) as address:
        yield address


@pytest.fixture
async def podman(tmp_path: Path) -> AsyncIterator[PodmanCast]:
    async with podman_cast(tmp_path) as cast:
        yield cast


async def push_tiny(podman: PodmanCast, directory: Path, reference: str) -> str:
    """Puts the tiny image into the registry; nothing of it stays here."""
    name = write_tiny_archive(directory / "tiny.tar", uuid4().hex[:12])
    image_id = await podman.runtime.load_image(directory / "tiny.tar")
    account = f"{ALICE.username}:{ALICE.password}"
    command = [*podman_command(), "push", "--quiet", "--tls-verify=false", "--creds", account]
    await asyncio.to_thread(subprocess.run, [*command, name, reference], check=True)
    await podman.runtime.remove_image(name)
    return image_id


@pytest.mark.containers
@needs_registry
async def test_podman_pulls_with_credentials_and_without_tls(podman: PodmanCast, registry: str, tmp_path: Path) -> None:
    reference = f"{registry}/team/tiny:{uuid4().hex[:8]}"
    image_id = await push_tiny(podman, tmp_path, reference)
    heard: list[PullProgress] = []

    async def listen(progress: PullProgress) -> None:
        heard.append(progress)

    pulled = await podman.runtime.pull_image(reference, credentials=ALICE, insecure=True, on_progress=listen)

    assert pulled == image_id
    assert heard
    facts = await podman.runtime.inspect_image(reference)
    assert (facts.image_id, facts.digest[:7]) == (image_id, "sha256:")
    await podman.runtime.remove_image(reference)


@pytest.mark.containers
@needs_registry
async def test_what_cannot_be_pulled_is_told_at_once(podman: PodmanCast, registry: str) -> None:
    reference = f"{registry}/team/nothing:1"
    async with asyncio.timeout(10):
        with pytest.raises(ImageNotFound):
            await podman.runtime.pull_image(reference, credentials=ALICE, insecure=True)
        with pytest.raises(ImagePullFailed, match="wants credentials") as refused:
            await podman.runtime.pull_image(reference, insecure=True)
        with pytest.raises(ImagePullFailed, match="user name and password") as wrong:
            await podman.runtime.pull_image(reference, credentials=Credentials("alice", "not-hers"), insecure=True)
        with pytest.raises(ImagePullFailed, match="TLS"):
            await podman.runtime.pull_image(reference, credentials=ALICE)
        with pytest.raises(ImagePullFailed):
            await podman.runtime.pull_image("no.such.host.invalid/team/nothing:1")
    for error in (refused.value, wrong.value):
        assert "not-hers" not in f"{error.message} {error.technical_information}"


@asynccontextmanager
async def docker_that_answers(
    directory: Path, lines: Sequence[Mapping[str, object]]
) -> AsyncIterator[tuple[DockerApiRuntime, list[web.BaseRequest]]]:
    """docker's side of a pull: a stream of these messages."""
    asked: list[web.BaseRequest] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request)
        if request.path == "/_ping":
            return web.Response(text="OK", headers={"Api-Version": "1.44"})
        if request.path == "/v1.44/images/create":
            return web.Response(body="".join(f"{json.dumps(line)}\r\n" for line in lines).encode())
        if request.path.startswith("/v1.44/images/"):
            return web.json_response({"Id": "sha256:" + "a" * 64, "Config": None})
        return web.json_response({"message": "no such thing"}, status=404)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.UnixSite(runner, str(directory / "docker.sock")).start()
    runtime = DockerApiRuntime(f"unix://{directory / 'docker.sock'}", directory / "sockets")
    try:
        yield runtime, asked
    finally:
        await runtime.close()
        await runner.cleanup()


async def test_docker_pulls(tmp_path: Path) -> None:
    progress = {"status": "Downloading", "progressDetail": {"current": 3, "total": 7}}
    heard: list[PullProgress] = []

    async def listen(one: PullProgress) -> None:
        heard.append(one)

    async with docker_that_answers(tmp_path, [progress, {"status": "Done"}]) as (runtime, asked):
        image = await runtime.pull_image("host/team/model", credentials=ALICE, on_progress=listen)

    assert image == "sha256:" + "a" * 64
    assert heard == [PullProgress("Downloading", 3, 7), PullProgress("Done")]
    create = next(request for request in asked if request.path == "/v1.44/images/create")
    assert dict(create.query) == {"fromImage": "host/team/model", "tag": "latest"}
    account = json.loads(base64.urlsafe_b64decode(create.headers["X-Registry-Auth"]))
    assert account == {"username": "alice", "password": "alices-secret"}


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("manifest for host/team/model:1 not found: manifest unknown", ImageNotFound),
        ("pull access denied for host/team/model, repository does not exist", ImageNotFound),
        ("Head https://host/v2: unauthorized: bad alices-secret", ImagePullFailed),
        ("dial tcp: lookup host: no such host", ImagePullFailed),
    ],
)
async def test_docker_tells_of_a_failed_pull(tmp_path: Path, message: str, error: type[Exception]) -> None:
    line = {"errorDetail": {"message": message}, "error": message}

    async with docker_that_answers(tmp_path, [line]) as (runtime, _):
        with pytest.raises(error) as raised:
            await runtime.pull_image("host/team/model:1", credentials=ALICE)

    assert "alices-secret" not in str(vars(raised.value))
