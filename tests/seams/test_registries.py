"""What every registry promises, asked of the fake and of a real docker-registry."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from modelyard.adapters.registries.base import (
    ImageDescription,
    ImageMissing,
    Reference,
    Registry,
    RegistryRefused,
    RegistryUnreachable,
)
from modelyard.adapters.registries.fake import FakeRegistry
from modelyard.adapters.registries.http_registry import HttpRegistry
from tests.servers import (
    SyntheticImage,
    docker_registry,
    free_port,
    has_docker_registry,
    push_image,
    push_index,
    synthetic_image,
)

_CREDENTIALS = ("alice", "correct horse: ✓")
_needs_registry = pytest.mark.skipif(not has_docker_registry(), reason="docker-registry is not installed")


@dataclass
class Filled:
    """A registry with images: `team/model:1`, `team/many:1` of two architectures, `secret/model:1` at another."""

    registry: Registry
    open_address: str
    closed_address: str
    dead_address: str

    def reference(self, name: str) -> Reference:
        return self.registry.parse(f"{self.open_address}/{name}")

    def secret(self) -> Reference:
        return self.registry.parse(f"{self.closed_address}/secret/model:1")


@pytest.fixture(params=["fake", pytest.param("real", marks=[pytest.mark.containers, _needs_registry])])
async def filled(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Filled]:
    if request.param == "fake":
        yield _fill_fake()
        return
    opened, closed = tmp_path / "open", tmp_path / "closed"
    opened.mkdir()
    closed.mkdir()
    with docker_registry(opened) as open_address, docker_registry(closed, dict([_CREDENTIALS])) as closed_address:
        await push_image(f"http://{open_address}", "team/model", "1", synthetic_image())
        await push_index(f"http://{open_address}", "team/many", "1", _both())
        await push_image(f"http://{closed_address}", "secret/model", "1", synthetic_image(), _CREDENTIALS)
        dead_address = f"127.0.0.1:{free_port()}"
        addresses = (open_address, closed_address, dead_address)
        yield Filled(HttpRegistry(frozenset(addresses)), *addresses)


def _fill_fake() -> Filled:
    addresses = ("open.example:1", "closed.example:2", "dead.example:3")
    registry = FakeRegistry(frozenset(addresses))
    registry.unreachable.add(addresses[2])
    one = _expected(synthetic_image(), ("amd64",))
    registry.add(f"{addresses[0]}/team/model:1", one)
    registry.add(f"{addresses[0]}/team/model@{one.digest}", one)
    registry.add(f"{addresses[0]}/team/many:1", replace(one, architectures=("arm64", "amd64")))
    user, password = _CREDENTIALS
    registry.add(f"{addresses[1]}/secret/model:1", one, username=user, password=password)
    return Filled(registry, *addresses)


def _both() -> dict[str, SyntheticImage]:
    return {name: synthetic_image(name) for name in ("arm64", "amd64")}


def _expected(image: SyntheticImage, architectures: tuple[str, ...]) -> ImageDescription:
    return ImageDescription(
        digest=image.digest,
        size=len(image.layer),
        architecture="amd64",
        operating_system="linux",
        labels={"org.example.name": "synthetic"},
        entrypoint=("/model",),
        command=("--port", "8080"),
        ports=("8080/tcp",),
        user="1000",
        environment=("PATH=/bin", "MODE=test"),
        architectures=architectures,
    )


async def test_describe(filled: Filled) -> None:
    expected = _expected(synthetic_image(), ("amd64",))
    assert await filled.registry.describe(filled.reference("team/model:1")) == expected
    assert await filled.registry.describe(filled.reference(f"team/model@{expected.digest}")) == expected


async def test_manifest_address(filled: Filled) -> None:
    address = f"https://{filled.open_address}/v2/team/model/manifests/1"
    assert filled.registry.parse(address) == filled.reference("team/model:1")


async def test_index(filled: Filled) -> None:
    reference = filled.reference("team/many:1")
    assert (await filled.registry.describe(reference)).architecture == "amd64"
    found = await filled.registry.describe(reference, architecture="arm64")
    assert found.architecture == "arm64"
    assert found.architectures == ("arm64", "amd64")


async def test_an_image_of_another_architecture_is_described(filled: Filled) -> None:
    found = await filled.registry.describe(filled.reference("team/model:1"), architecture="arm64")
    assert found.architecture == "amd64"


@pytest.mark.parametrize("name", ["team/model:2", "team/nothing:1", "team/model@sha256:" + "0" * 64])
async def test_missing(filled: Filled, name: str) -> None:
    with pytest.raises(ImageMissing):
        await filled.registry.describe(filled.reference(name))


async def test_credentials(filled: Filled) -> None:
    user, password = _CREDENTIALS
    found = await filled.registry.describe(filled.secret(), username=user, password=password)
    assert found.digest == synthetic_image().digest


@pytest.mark.parametrize(("user", "password"), [("", ""), ("alice", "hunter2"), ("bob", _CREDENTIALS[1])])
async def test_wrong_credentials(filled: Filled, user: str, password: str) -> None:
    with pytest.raises(RegistryRefused) as refused:
        await filled.registry.describe(filled.secret(), username=user, password=password)
    assert not password or password not in repr(refused.value)


async def test_nobody_there(filled: Filled) -> None:
    with pytest.raises(RegistryUnreachable):
        await filled.registry.describe(filled.registry.parse(f"{filled.dead_address}/team/model:1"))


async def test_insecure_is_known(filled: Filled) -> None:
    assert filled.registry.is_insecure(filled.reference("team/model:1"))
    assert not filled.registry.is_insecure(filled.registry.parse("python:3"))


@pytest.mark.containers
@_needs_registry
@pytest.mark.skipif(shutil.which("podman") is None, reason="podman is not installed")
async def test_an_image_that_podman_pushed(tmp_path: Path) -> None:
    archive = tmp_path / "layer.tar"
    (tmp_path / "file").write_text("content")
    subprocess.run(["tar", "-cf", archive, "-C", tmp_path, "file"], check=True)
    with docker_registry(tmp_path) as address:
        name = f"{address}/team/imported:1"
        change = 'ENTRYPOINT ["/file"]'
        try:
            subprocess.run(["podman", "import", "--change", change, archive, name], check=True, capture_output=True)
            subprocess.run(["podman", "push", "--tls-verify=false", name], check=True, capture_output=True)
        finally:
            subprocess.run(["podman", "rmi", "--force", name], check=False, capture_output=True)
        registry = HttpRegistry(frozenset({address}))
        found = await registry.describe(registry.parse(name))
    assert found.entrypoint == ("/file",)
    assert found.operating_system == "linux"
    assert 0 < found.size < 10_000
