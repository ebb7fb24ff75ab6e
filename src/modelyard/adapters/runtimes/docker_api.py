"""Run containers with podman or docker, through the API that both serve on a Unix socket."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiodocker.containers import DockerContainer

from modelyard.adapters.runtimes.base import (
    ContainerNotFound,
    ContainerSpec,
    ContainerStartFailed,
    ContainerState,
    ContainerStatus,
    Credentials,
    ImageFacts,
    ImageLayer,
    ImageNotFound,
    OnProgress,
    ResourceUse,
    RuntimeFacts,
)
from modelyard.adapters.runtimes.cgroup import is_stopped, read_use, wait_for_end
from modelyard.adapters.runtimes.container_config import container_config
from modelyard.adapters.runtimes.engine_api import EngineApi, despite_races
from modelyard.adapters.runtimes.engine_images import EngineImages
from modelyard.adapters.runtimes.exposure import Exposures
from modelyard.adapters.runtimes.log_stream import last_bytes, last_lines, log_lines
from modelyard.adapters.runtimes.readings import read_container, read_runtime
from modelyard.core.errors import NotFound, PlatformError

_LOG_BYTES = 65_536
_BETWEEN_LOOKS = "100ms"
"""podman looks without a pause when it is not told, which keeps a processor busy for each container."""


class DockerApiRuntime:
    """podman or docker; see `base.Runtime` for what each verb promises.

    Args:
        socket: the path of the runtime's Unix socket, with or without `unix://`.
        socket_dir: where the sockets of `expose` go; made private. A long path is replaced by a short one.
    """

    def __init__(self, socket: str, socket_dir: Path) -> None:
        self._api = EngineApi(socket.removeprefix("unix://"))
        self._images = EngineImages(self._api)
        self._exposures = Exposures(socket_dir, self._running_pid)
        self._being_killed: set[str] = set()
        self._facts: RuntimeFacts | None = None

    async def facts(self) -> RuntimeFacts:
        # Asking podman takes most of a second, and a machine does not change while we run.
        await self._api.ping()
        if self._facts is None:
            self._facts = await self._read_facts()
        return self._facts

    async def _read_facts(self) -> RuntimeFacts:
        podman = await self._api.is_podman()
        async with self._api.errors(NotFound("The container runtime does not tell what it is.")):
            info = await self._api.docker.system.info()
        return read_runtime(info, self._api.socket, podman=podman)

    async def pull_image(
        self,
        reference: str,
        *,
        credentials: Credentials | None = None,
        insecure: bool = False,
        on_progress: OnProgress | None = None,
    ) -> str:
        return await self._images.pull(reference, credentials, insecure, on_progress)

    async def load_image(self, archive: Path, *, on_progress: OnProgress | None = None) -> str:
        return await self._images.load(archive, on_progress)

    def save_image(self, reference: str) -> AsyncGenerator[bytes, None]:
        return self._images.save(reference)

    async def inspect_image(self, image: str) -> ImageFacts:
        return await self._images.inspect(image)

    async def image_layers(self, image: str) -> tuple[ImageLayer, ...]:
        return await self._images.layers(image)

    async def tag_image(self, image: str, repository: str, tag: str) -> None:
        await self._images.tag(image, repository, tag)

    async def remove_image(self, image: str) -> None:
        await self._images.remove(image)

    async def start_container(self, spec: ContainerSpec) -> str:
        creating = asyncio.ensure_future(self._create(spec))
        try:
            created = await asyncio.shield(creating)
            async with self._api.errors(_gone(created.id), ContainerStartFailed):
                await created.start()
        except (PlatformError, asyncio.CancelledError):
            # The runtime goes on creating when we stop waiting, so the end of that is awaited.
            await asyncio.wait([creating])
            if creating.exception() is None:
                await self.remove_container(creating.result().id)
            raise
        return created.id

    async def _create(self, spec: ContainerSpec) -> DockerContainer:
        podman = await self._api.is_podman()
        missing = ImageNotFound(f"The container runtime holds no image {spec.image}; pull it first.")
        async with self._api.errors(missing, ContainerStartFailed):
            return await self._api.docker.containers.create(container_config(spec, podman=podman), name=spec.name)

    async def inspect_container(self, container: str) -> ContainerState:
        answer = await self._show(container)
        state = read_container(answer, killed_by_us=answer["Id"] in self._being_killed)
        pid = int(answer["State"].get("Pid") or 0)
        if state.status == ContainerStatus.RUNNING and pid and await asyncio.to_thread(is_stopped, pid, answer["Id"]):
            return replace(state, status=ContainerStatus.PAUSED)
        return state

    async def wait_container(self, container: str) -> ContainerState:
        with suppress(ContainerNotFound):  # it does not run: the runtime knows whether it ever did
            await wait_for_end(*await self._running_pid(container))
        async with self._api.errors(_gone(container)):
            await self._api.docker.containers.container(container).wait(interval=_BETWEEN_LOOKS)
        if container in self._being_killed:  # it is being removed: stopped by now, and shown for a moment longer
            raise _gone(container)
        return await self.inspect_container(container)

    async def read_log(self, container: str, *, lines: int = 50) -> str:
        chunks = self._log_chunks(container, follow=False)
        try:
            async with aclosing(chunks):
                return last_lines(await last_bytes(chunks, _LOG_BYTES), lines)
        except ContainerNotFound:
            return ""

    async def follow_log(self, container: str, *, lines: int = 50) -> AsyncIterator[str]:
        async with aclosing(self._log_chunks(container, follow=False)) as chunks:
            skipped = sum([1 async for _ in log_lines(chunks)]) - lines
        async with aclosing(self._log_chunks(container, follow=True)) as chunks:
            async for line in log_lines(chunks):
                if skipped <= 0:
                    yield line
                skipped -= 1

    async def resource_use(self, container: str) -> ResourceUse:
        pid, container_id = await self._running_pid(container)
        use = await asyncio.to_thread(read_use, pid, container_id)
        return use if use is not None else await self._ask_use(container)

    async def pause_container(self, container: str) -> None:
        async with self._api.errors(_gone(container)):
            await self._api.docker.containers.container(container).pause()

    async def unpause_container(self, container: str) -> None:
        async with self._api.errors(_gone(container)):
            await self._api.docker.containers.container(container).unpause()

    async def remove_container(self, container: str) -> None:
        try:
            container_id = str((await self._show(container))["Id"])
        except ContainerNotFound:
            await self._exposures.close_container(container)
            return
        self._being_killed.add(container_id)
        try:
            await self._exposures.close_container(container_id)
            async with self._api.errors(_gone(container)):
                driver = self._api.docker.containers.container(container_id)
                await despite_races(lambda: driver.delete(force=True, v=True), is_quick=True)
        except ContainerNotFound:
            pass
        finally:
            self._being_killed.discard(container_id)

    async def list_containers(self, label: str, value: str) -> list[ContainerState]:
        filters = json.dumps({"label": [f"{label}={value}"]})
        async with self._api.errors(NotFound("The container runtime lists no containers.")):
            found = await self._api.docker.containers.list(all=True, filters=filters)
        states = await asyncio.gather(*(self._inspect_if_there(one.id) for one in found))
        return [state for state in states if state is not None]

    async def expose(self, container: str, port: int) -> Path:
        return await self._exposures.open(container, port)

    async def close(self) -> None:
        await self._exposures.close()
        await self._api.close()

    async def _inspect_if_there(self, container: str) -> ContainerState | None:
        try:
            return await self.inspect_container(container)
        except ContainerNotFound:
            return None

    async def _show(self, container: str) -> dict[str, Any]:
        async with self._api.errors(_gone(container)):
            return await self._api.docker.containers.container(container).show()

    async def _running_pid(self, container: str) -> tuple[int, str]:
        """Process id and full id of a container that runs. Raises ContainerNotFound."""
        answer = await self._show(container)
        pid = int(answer["State"].get("Pid") or 0)
        if pid == 0:
            raise ContainerNotFound(f"The container {container[:12]} does not run any more.")
        return pid, str(answer["Id"])

    async def _ask_use(self, container: str) -> ResourceUse:
        async with self._api.errors(_gone(container)):
            stats = await self._api.docker.containers.container(container).stats(stream=False)
        if not stats:
            raise _gone(container)
        memory = stats[0].get("memory_stats") or {}
        used = int(memory.get("usage") or 0)
        nanoseconds = stats[0]["cpu_stats"]["cpu_usage"]["total_usage"]
        return ResourceUse(used, int(memory.get("max_usage") or used), nanoseconds / 1e9)

    async def _log_chunks(self, container: str, *, follow: bool) -> AsyncGenerator[bytes, None]:
        """All of it, which is bounded.

        Asked for the last lines, podman loses what was written in pieces, and what is written before it follows.
        """
        path = f"/containers/{container}/logs"
        params = {"stdout": "1", "stderr": "1", "tail": "all", "follow": "1" if follow else "0"}
        async with (
            self._api.errors(_gone(container)),
            self._api.stream("GET", path, params=params) as response,
        ):
            async for chunk in response.content.iter_any():
                yield chunk


def _gone(container: str) -> ContainerNotFound:
    return ContainerNotFound(f"There is no container {container[:12]} any more.")
