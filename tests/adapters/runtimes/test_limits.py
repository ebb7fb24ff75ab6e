"""What a container is given and denied, seen from inside real ones."""

import asyncio
import json
import resource
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.containers import can_run_containers
from tests.seams.runtime_cast import PodmanCast, podman_cast, spec

pytestmark = [
    pytest.mark.containers,
    pytest.mark.skipif(not can_run_containers(), reason="podman is not installed"),
]

LOOK = """
import json, os, resource, socket
def read(*names):
    for name in names:
        try:
            return open("/sys/fs/cgroup/" + name).read().strip()
        except OSError:
            pass
def reach(address):
    try:
        socket.create_connection(address, 2)
        return "reached"
    except OSError as error:
        return type(error).__name__
status = dict(map(str.strip, line.split(":", 1)) for line in open("/proc/self/status"))
print(json.dumps({
    "memory": read("memory/memory.limit_in_bytes", "memory.max"),
    "swap": read("memory/memory.memsw.limit_in_bytes", "memory.swap.max"),
    "pids": read("pids/pids.max", "pids.max"),
    "cpu": read("cpu/cpu.cfs_quota_us", "cpu.max"),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE),
    "capabilities": [status[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "no_new_privileges": status["NoNewPrivs"],
    "interfaces": [name for _, name in socket.if_nameindex()],
    "reached": [reach(tuple(address)) for address in json.loads(os.environ["ADDRESSES"])],
}))
"""


@pytest.fixture
async def podman(tmp_path: Path) -> AsyncIterator[PodmanCast]:
    async with podman_cast(tmp_path) as cast:
        yield cast


async def look(podman: PodmanCast, addresses: list[tuple[str, int]], **changes: object) -> dict[str, Any]:
    environment = {"CODE": LOOK, "ADDRESSES": json.dumps(addresses)}
    container = await podman.runtime.start_container(spec(podman, "look", environment=environment, **changes))
    try:
        await podman.runtime.wait_container(container)
        found: dict[str, Any] = json.loads(await podman.runtime.read_log(container))
        return found
    finally:
        await podman.runtime.remove_container(container)


async def test_limits_are_applied(podman: PodmanCast) -> None:
    seen = await look(podman, [], memory_bytes=128 << 20, cpu_millis=250, max_processes=77, max_open_files=1000)

    assert seen["memory"] == str(128 << 20)
    assert seen["swap"] in (str(128 << 20), "0")
    assert seen["pids"] == "77"
    assert seen["cpu"].split()[0] == "25000"
    assert seen["files"] == [1000, 1000]
    assert set(seen["capabilities"]) == {"0000000000000000"}
    assert seen["no_new_privileges"] == "1"


async def test_more_open_files_than_we_may_have_are_cut(podman: PodmanCast) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    seen = await look(podman, [], max_open_files=1 << 20)

    assert seen["files"][1] == min(hard, 1 << 20)


async def test_a_container_reaches_nothing(podman: PodmanCast) -> None:
    async with await asyncio.start_server(lambda _, writer: writer.close(), "0.0.0.0", 0) as server:  # noqa: S104
        port = server.sockets[0].getsockname()[1]
        hosts = {"127.0.0.1", *_own_addresses()}

        seen = await look(podman, [(host, port) for host in sorted(hosts)])

    assert seen["interfaces"] == ["lo"]
    assert "reached" not in seen["reached"]


async def test_the_log_is_bounded(podman: PodmanCast) -> None:
    code = "for n in range(30000): print('x' * 100)"
    wanted = spec(podman, "look", environment={"CODE": code}, max_log_bytes=100_000)
    container = await podman.runtime.start_container(wanted)
    try:
        await podman.runtime.wait_container(container)
        kept = sum([len(line) + 1 async for line in podman.runtime.follow_log(container, lines=100_000)])

        assert kept <= 300_000
        assert len(await podman.runtime.read_log(container, lines=100_000)) <= 65_536
    finally:
        await podman.runtime.remove_container(container)


def _own_addresses() -> list[str]:
    """The addresses of this machine that others use."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return []
        return [probe.getsockname()[0]]
