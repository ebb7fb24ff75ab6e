"""Turn a ContainerSpec into what podman and docker understand."""

import resource
from pathlib import Path
from typing import Any

from modelyard.adapters.runtimes.base import ContainerSpec, Mount

_UNLIMITED = 1_048_576
"""What stands for no limit: the container's processes are limited by its cgroup, not by this."""
_PID_MAX = Path("/proc/sys/kernel/pid_max")


def container_config(spec: ContainerSpec, *, podman: bool) -> dict[str, Any]:
    """The body of a create call."""
    config: dict[str, Any] = {
        "Image": spec.image,
        "Labels": dict(spec.labels),
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "HostConfig": _host_config(spec, podman=podman),
    }
    if spec.command is not None:
        config["Cmd"] = list(spec.command)
    return config


def _host_config(spec: ContainerSpec, *, podman: bool) -> dict[str, Any]:
    config: dict[str, Any] = {
        "NetworkMode": "bridge" if spec.network else "none",
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Memory": spec.memory_bytes,
        "MemorySwap": spec.memory_bytes,  # equal: memory that is too small shows, instead of swapping
        "NanoCpus": spec.cpu_millis * 1_000_000,
        "PidsLimit": spec.max_processes,
        "ShmSize": spec.shared_memory_bytes,
        "Ulimits": _ulimits(spec),
        "Mounts": [_mount(mount) for mount in spec.mounts],
        "LogConfig": _log_config(spec.max_log_bytes, podman=podman),
        # Programs that listen on port 80 may do so without the capability, which we took away.
        "Sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
    }
    if spec.gpus:
        config |= _gpus(spec.gpus, podman=podman)
    return config


def _ulimits(spec: ContainerSpec) -> list[dict[str, Any]]:
    """Explicit, at or below our own hard limits: without CAP_SYS_RESOURCE the runtime cannot raise them."""
    files = min(spec.max_open_files, _hard_limit(resource.RLIMIT_NOFILE))
    # Counted per user over the whole machine, so it must not be small.
    processes = min(_most_processes(), _hard_limit(resource.RLIMIT_NPROC))
    return [
        {"Name": "nofile", "Soft": files, "Hard": files},
        {"Name": "nproc", "Soft": processes, "Hard": processes},
    ]


def _most_processes() -> int:
    """podman lowers its own limit to the machine's highest process id, so a container may not get more."""
    try:
        return int(_PID_MAX.read_text())
    except (OSError, ValueError):
        return _UNLIMITED


def _hard_limit(kind: int) -> int:
    hard = resource.getrlimit(kind)[1]
    return _UNLIMITED if hard == resource.RLIM_INFINITY else hard


def _mount(mount: Mount) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Source": str(mount.source),
        "Target": mount.target,
        "ReadOnly": mount.read_only,
    }


def _log_config(max_bytes: int, *, podman: bool) -> dict[str, Any]:
    kind = "k8s-file" if podman else "json-file"
    return {"Type": kind, "Config": {"max-size": str(max_bytes)}}


def _gpus(count: int, *, podman: bool) -> dict[str, Any]:
    """The first GPUs of the machine: by their CDI names for podman, by request for docker."""
    if podman:
        names = [f"nvidia.com/gpu={index}" for index in range(count)]
        return {
            "Devices": [{"PathOnHost": name, "PathInContainer": name, "CgroupPermissions": "rwm"} for name in names]
        }
    return {"DeviceRequests": [{"Driver": "nvidia", "Count": count, "Capabilities": [["gpu"]]}]}
