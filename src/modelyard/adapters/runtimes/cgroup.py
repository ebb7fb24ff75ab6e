"""Learn what a container's processes use and do, straight from the kernel: faster than asking the runtime."""

import asyncio
import os
from pathlib import Path

from modelyard.adapters.runtimes.base import ResourceUse

_ROOT = Path("/sys/fs/cgroup")


def read_use(pid: int, container_id: str) -> ResourceUse | None:
    """What the control groups of a container's process use; None when they cannot be read here.

    File cache that the kernel can drop at once is not counted, as `docker stats` does.
    """
    try:
        if (groups := _groups(pid, container_id)) is None:
            return None
        if "memory" in groups:
            return _read_v1(_ROOT / "memory" / groups["memory"], _ROOT / "cpuacct" / groups["cpuacct"])
        return _read_v2(_ROOT / groups[""])
    except (OSError, KeyError, ValueError):
        return None


def is_stopped(pid: int, container_id: str) -> bool:
    """Whether somebody has stopped a container's first process by a signal; False when it cannot be seen here."""
    try:
        if _groups(pid, container_id) is None:
            return False
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except (OSError, IndexError):
        return False


async def wait_for_end(pid: int, container_id: str) -> None:
    """Returns when a container's first process has ended; at once where that cannot be seen here."""
    try:
        process = os.pidfd_open(pid)
    except OSError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    try:
        if _groups(pid, container_id) is None:
            return
        loop.add_reader(process, ended.set)
        await ended.wait()
    except OSError:  # it has just ended
        return
    finally:
        loop.remove_reader(process)
        os.close(process)


def _groups(pid: int, container_id: str) -> dict[str, str] | None:
    """Paths of its control groups by controller; None when the number means another process here. Raises OSError."""
    text = Path(f"/proc/{pid}/cgroup").read_text()
    if container_id not in text:
        return None
    groups = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = path.lstrip("/")
    return groups


def _read_v1(memory: Path, cpu: Path) -> ResourceUse:
    used = _number(memory / "memory.usage_in_bytes")
    return ResourceUse(
        memory_bytes=max(0, used - _field(memory / "memory.stat", "total_inactive_file")),
        peak_memory_bytes=_number(memory / "memory.max_usage_in_bytes"),
        cpu_seconds=_number(cpu / "cpuacct.usage") / 1e9,
    )


def _read_v2(group: Path) -> ResourceUse:
    used = _number(group / "memory.current")
    peak = group / "memory.peak"  # since Linux 5.19
    return ResourceUse(
        memory_bytes=max(0, used - _field(group / "memory.stat", "inactive_file")),
        peak_memory_bytes=_number(peak) if peak.exists() else used,
        cpu_seconds=_field(group / "cpu.stat", "usage_usec") / 1e6,
    )


def _number(file: Path) -> int:
    return int(file.read_text())


def _field(file: Path, name: str) -> int:
    for line in file.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0
