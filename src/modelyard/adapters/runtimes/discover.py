"""Find the socket of podman or docker on this machine, or start a service of our own."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from modelyard.adapters.runtimes.base import RuntimeUnavailable
from modelyard.adapters.runtimes.podman_process import PodmanService, answers

_UNIX = "unix://"


@dataclass(frozen=True, slots=True)
class FoundRuntime:
    """Where a runtime answers.

    Args:
        source: how it was found, such as `DOCKER_HOST`.
        service: our own service behind the socket; whoever asked closes it last.
    """

    socket: str
    source: str
    service: PodmanService | None = None


async def find_runtime(data_dir: Path, *, socket: str | None = None, docker_host: str | None = None) -> FoundRuntime:
    """Looks at the setting, DOCKER_HOST, podman's and docker's usual sockets, then starts a service below data_dir.

    What was named explicitly must answer; nothing else is tried in its place. Raises RuntimeUnavailable.
    """
    named = find_named_socket(socket=socket, docker_host=docker_host)
    found = named or find_usual_socket(usual_sockets())
    if found is not None:
        return found
    service = PodmanService(data_dir)
    return FoundRuntime(await service.start(), "our own podman service", service)


def find_named_socket(*, socket: str | None, docker_host: str | None) -> FoundRuntime | None:
    """The socket that a person named, if any. Raises RuntimeUnavailable when it does not answer."""
    for value, source in ((socket, "the setting"), (docker_host, "DOCKER_HOST")):
        if value:
            path = value.removeprefix(_UNIX)
            if "://" in path:
                raise RuntimeUnavailable(
                    f"{source} names {value}, but modelyard reaches containers only on its own machine: "
                    "give it a Unix socket."
                )
            if not answers(path):
                raise RuntimeUnavailable(f"Nothing answers at {path}, which {source} names.")
            return FoundRuntime(path, source)
    return None


def find_usual_socket(paths: Iterable[str]) -> FoundRuntime | None:
    """The first of these sockets that answers."""
    return next((FoundRuntime(path, "its usual socket") for path in paths if answers(path)), None)


def usual_sockets() -> list[str]:
    """Where podman and docker listen by themselves, podman first."""
    return [
        "/run/podman/podman.sock",
        f"/run/user/{os.getuid()}/podman/podman.sock",
        "/var/run/docker.sock",
    ]
