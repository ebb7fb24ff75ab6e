"""Pure parts: what is asked of the runtimes, and how their answers are read."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modelyard.adapters.runtimes.base import ContainerSpec, ContainerStatus, Mount
from modelyard.adapters.runtimes.container_config import container_config
from modelyard.adapters.runtimes.log_stream import last_bytes, log_lines
from modelyard.adapters.runtimes.readings import read_container, read_image, read_runtime, with_prefix
from modelyard.adapters.runtimes.socket_paths import remove_stale_sockets, socket_directory

SPEC = ContainerSpec(
    name="one",
    image="image",
    labels={"a": "b"},
    environment={"KEY": "x=y"},
    memory_bytes=100,
    cpu_millis=1500,
    gpus=2,
    mounts=(Mount(Path("/from"), "/to", read_only=True),),
)


def test_docker_and_podman_are_asked_for_the_same_but_in_their_words() -> None:
    docker = container_config(SPEC, podman=False)
    podman = container_config(SPEC, podman=True)

    assert docker["Env"] == ["KEY=x=y"]
    assert "Cmd" not in docker
    host = docker["HostConfig"]
    assert (host["NetworkMode"], host["CapDrop"], host["NanoCpus"]) == ("none", ["ALL"], 1_500_000_000)
    assert host["Memory"] == host["MemorySwap"] == 100
    assert host["Mounts"] == [{"Type": "bind", "Source": "/from", "Target": "/to", "ReadOnly": True}]
    assert (host["LogConfig"]["Type"], podman["HostConfig"]["LogConfig"]["Type"]) == ("json-file", "k8s-file")
    assert host["DeviceRequests"][0]["Count"] == 2
    devices = [device["PathOnHost"] for device in podman["HostConfig"]["Devices"]]
    assert devices == ["nvidia.com/gpu=0", "nvidia.com/gpu=1"]


@pytest.mark.parametrize(
    ("state", "ours", "status", "code", "out_of_memory"),
    [
        ({"Status": "running", "Running": True}, False, ContainerStatus.RUNNING, None, False),
        ({"Status": "paused", "Running": True, "Paused": True}, False, ContainerStatus.PAUSED, None, False),
        ({"Status": "exited", "ExitCode": 137}, False, ContainerStatus.EXITED, 137, True),
        ({"Status": "exited", "ExitCode": 137}, True, ContainerStatus.EXITED, 137, False),
        ({"Status": "exited", "ExitCode": 1, "OOMKilled": True}, False, ContainerStatus.EXITED, 1, True),
        ({"Status": "created", "ExitCode": 0}, False, ContainerStatus.EXITED, None, False),
    ],
)
def test_states_are_read(
    state: dict[str, object], ours: bool, status: ContainerStatus, code: int | None, out_of_memory: bool
) -> None:
    read = read_container({"Id": "1", "Name": "/one", "State": state}, killed_by_us=ours)

    assert (read.name, read.status, read.exit_code, read.out_of_memory) == ("one", status, code, out_of_memory)


def test_an_image_without_settings_is_read() -> None:
    read = read_image({"Id": "ab", "Config": None, "RepoDigests": ["host/name@sha256:12"]})

    assert (read.image_id, read.digest, read.command, read.labels) == ("sha256:ab", "sha256:12", (), {})
    assert with_prefix("sha256:ab") == "sha256:ab"


def framed(text: bytes, stream: int = 1) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


async def in_pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize("size", [1, 3, 8, 1000])
async def test_output_is_taken_apart(size: int) -> None:
    data = framed(b"one\ntw") + framed(b"o\r\n", 2) + framed("drei €\nend".encode())

    assert [line async for line in log_lines(in_pieces(data, size))] == ["one", "two", "drei €", "end"]
    assert await last_bytes(in_pieces(data, size), 3) == "end"
    assert await last_bytes(in_pieces(data, size), 1000) == "one\ntwo\r\ndrei €\nend"


def test_sockets_of_the_dead_are_removed(tmp_path: Path) -> None:
    import socket

    directory = socket_directory(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as dead, socket.socket(socket.AF_UNIX) as alive:
        dead.bind(str(directory / "dead.sock"))
        alive.bind(str(directory / "alive.sock"))
        alive.listen()

        remove_stale_sockets(directory)

    assert [path.name for path in directory.iterdir()] == ["alive.sock"]


def test_runtime_is_read_from_its_information_alone() -> None:
    info = {"ServerVersion": "4.3.1", "Architecture": "x86_64", "NCPU": 2, "MemTotal": 8_000_000_000}

    facts = read_runtime(info, "/run/podman.sock", podman=True)

    assert (facts.name, facts.version, facts.architecture) == ("podman", "4.3.1", "amd64")
    assert (facts.cpus, facts.memory_bytes) == (2, 8_000_000_000)
