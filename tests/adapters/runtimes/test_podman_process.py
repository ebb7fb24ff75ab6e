"""Our own podman service: it starts, dies with us, and leaves containers alone."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from modelyard.adapters.runtimes.base import ContainerStatus, RuntimeUnavailable
from modelyard.adapters.runtimes.discover import find_runtime
from modelyard.adapters.runtimes.docker_api import DockerApiRuntime
from modelyard.adapters.runtimes.podman_process import PodmanService, answers
from tests.containers import can_run_containers
from tests.seams.runtime_cast import podman_cast, spec

OWNER = """
import asyncio, sys
from pathlib import Path
from modelyard.adapters.runtimes.podman_process import PodmanService

async def main():
    print(await PodmanService(Path(sys.argv[1])).start(), flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


@pytest.mark.parametrize("depth", [1, 40])
@pytest.mark.containers
@pytest.mark.skipif(not can_run_containers(), reason="podman is not installed")
async def test_it_starts_and_stops(tmp_path: Path, depth: int) -> None:
    service = PodmanService(tmp_path.joinpath(*["data"] * depth))

    path = await service.start()
    assert len(path) < 100
    assert answers(path)
    assert Path(path).parent.stat().st_mode & 0o077 == 0

    await service.close()
    await service.close()
    assert not answers(path)
    assert not Path(path).parent.exists()


@pytest.mark.containers
@pytest.mark.skipif(not can_run_containers(), reason="podman is not installed")
async def test_it_is_started_again_when_it_ends_by_itself(tmp_path: Path) -> None:
    service = PodmanService(tmp_path / "data")
    path = await service.start()
    first = service._process
    assert first is not None
    try:
        first.kill()
        await first.wait()
        async with asyncio.timeout(20):
            while service._process is first or not answers(path):  # noqa: ASYNC110 - there is no event
                await asyncio.sleep(0.05)
    finally:
        await service.close()
    assert not answers(path)


@pytest.mark.containers
@pytest.mark.skipif(not can_run_containers(), reason="podman is not installed")
async def test_it_dies_with_its_owner_and_containers_run_on(tmp_path: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(tmp_path / "owned"), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    path = (await owner.stdout.readline()).decode().strip()
    async with podman_cast(tmp_path) as other:
        theirs = DockerApiRuntime(path, tmp_path / "theirs")
        container = await theirs.start_container(spec(other, "idle"))
        await theirs.close()

        os.kill(owner.pid, signal.SIGKILL)
        await owner.wait()
        async with asyncio.timeout(10):
            while answers(path):  # noqa: ASYNC110 - another process ends, which no event tells
                await asyncio.sleep(0.02)

        state = await other.runtime.inspect_container(container)
        await other.runtime.remove_container(container)
        assert state.status is ContainerStatus.RUNNING


async def test_a_missing_podman_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RuntimeUnavailable, match="apt-get install podman"):
        await PodmanService(tmp_path).start()


async def test_what_is_named_must_answer(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="the setting"):
        await find_runtime(tmp_path, socket=str(tmp_path / "none.sock"))
    with pytest.raises(RuntimeUnavailable, match="DOCKER_HOST"):
        await find_runtime(tmp_path, docker_host=f"unix://{tmp_path}/none.sock")
    with pytest.raises(RuntimeUnavailable, match="own machine"):
        await find_runtime(tmp_path, docker_host="tcp://example.com:2375")


async def test_the_setting_comes_before_docker_host(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a.sock", "b.sock")]
    servers = [await asyncio.start_unix_server(lambda _, writer: writer.close(), path) for path in paths]

    first = await find_runtime(tmp_path, socket=paths[0], docker_host=f"unix://{paths[1]}")
    second = await find_runtime(tmp_path, docker_host=f"unix://{paths[1]}")

    assert (first.socket, first.service) == (paths[0], None)
    assert (second.socket, second.source) == (paths[1], "DOCKER_HOST")
    for server in servers:
        server.close()
