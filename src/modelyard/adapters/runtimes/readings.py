"""Read what podman and docker answer into our values."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from modelyard.adapters.runtimes.base import ContainerState, ContainerStatus, ImageFacts, ImageLayer, RuntimeFacts

_LONGEST_INSTRUCTION = 300
_KILLED = 137
"""The exit code of a program that was ended by SIGKILL."""
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "armv6l": "arm"}


def read_image(answer: Mapping[str, Any]) -> ImageFacts:
    """An image from the answer to its inspection."""
    config = answer.get("Config") or {}
    digests = answer.get("RepoDigests") or []
    return ImageFacts(
        image_id=with_prefix(answer["Id"]),
        digest=digests[0].rpartition("@")[2] if digests else "",
        size=int(answer.get("Size") or 0),
        architecture=answer.get("Architecture") or "",
        operating_system=answer.get("Os") or "",
        labels=config.get("Labels") or {},
        entrypoint=_words(config.get("Entrypoint")),
        command=_words(config.get("Cmd")),
        ports=tuple(sorted(config.get("ExposedPorts") or {})),
        user=config.get("User") or "",
        environment=tuple(config.get("Env") or ()),
    )


def read_layers(answer: Iterable[Mapping[str, Any]]) -> tuple[ImageLayer, ...]:
    """The layers of an image from the answer for its history."""
    return tuple(
        ImageLayer(max(0, int(step.get("Size") or 0)), _instruction(step.get("CreatedBy") or "")) for step in answer
    )


def _instruction(text: str) -> str:
    """An instruction as people wrote it, on one line and not too long."""
    plain = " ".join(text.removeprefix("/bin/sh -c ").removeprefix("#(nop) ").split())
    return plain if len(plain) <= _LONGEST_INSTRUCTION else plain[: _LONGEST_INSTRUCTION - 1] + "…"


def read_container(answer: Mapping[str, Any], *, killed_by_us: bool = False) -> ContainerState:
    """A container from the answer to its inspection.

    podman reports OOMKilled wrongly on some machines, so a kill that was not ours counts as out of memory.
    """
    state = answer["State"]
    status = _status(state)
    running = status is not ContainerStatus.EXITED
    code = None if running or state.get("Status") == "created" else int(state.get("ExitCode") or 0)
    return ContainerState(
        container_id=answer["Id"],
        name=answer["Name"].lstrip("/"),
        status=status,
        exit_code=code,
        out_of_memory=bool(state.get("OOMKilled")) or (code == _KILLED and not killed_by_us),
        started_at=_time(state.get("StartedAt")),
        labels=(answer.get("Config") or {}).get("Labels") or {},
    )


def read_runtime(info: Mapping[str, Any], socket: str, *, podman: bool) -> RuntimeFacts:
    """The runtime from its information, which holds its version, too: asking podman for that alone is slow."""
    architecture = info.get("Architecture") or ""
    return RuntimeFacts(
        name="podman" if podman else "docker",
        version=info.get("ServerVersion") or "",
        architecture=_ARCHITECTURES.get(architecture, architecture),
        cpus=int(info.get("NCPU") or 0),
        memory_bytes=int(info.get("MemTotal") or 0),
        socket=socket,
    )


def with_prefix(image_id: str) -> str:
    """An image's id with the name of its hash."""
    return image_id if ":" in image_id else f"sha256:{image_id}"


def _status(state: Mapping[str, Any]) -> ContainerStatus:
    if state.get("Paused"):
        return ContainerStatus.PAUSED
    if state.get("Running") or state.get("Restarting"):
        return ContainerStatus.RUNNING
    return ContainerStatus.EXITED


def _words(value: list[str] | str | None) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(value or ())


def _time(text: str | None) -> datetime | None:
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text)
