"""The work of importing images: pull from a registry, load an uploaded archive."""

import asyncio
from pathlib import Path
from typing import Any

from modelyard.adapters.registries.base import ArchiveReader, ImageDescription, Registry
from modelyard.adapters.runtimes.base import Credentials, ImageFacts, Runtime
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import NotFound, PlatformError
from modelyard.core.sealing import Sealer
from modelyard.domain.images.progress import ImportProgress
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.work.queue import ClaimedWork

REPOSITORY = "modelyard.local/image"


class _ImportTask:
    """What both kinds of import share."""

    def __init__(self, database: Database, clock: Clock, runtime: Runtime) -> None:
        self._database = database
        self._clock = clock
        self._runtime = runtime

    async def run(self, work: ClaimedWork) -> None:
        async with self._database.read() as session:
            image = await session.get(ContainerImage, work.payload["image"])
        if image is None or image.state in {ImportState.COMPLETED, ImportState.FAILED}:
            return
        progress = ImportProgress(self._database, self._clock, image.id)
        await self._import(image, progress)

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        async with self._database.read() as session:
            image = await session.get(ContainerImage, work.payload["image"])
        if image is None:
            return
        await ImportProgress(self._database, self._clock, image.id).failed(error)
        await _drop_archive(image)

    async def _import(self, image: ContainerImage, progress: ImportProgress) -> None:
        raise NotImplementedError

    async def _keep(self, image: ContainerImage, image_id: str, progress: ImportProgress, **known: Any) -> None:
        """Names the image, so that nobody prunes it, and records its facts."""
        await progress.step("Inspecting the image", 95)
        await self._runtime.tag_image(image_id, REPOSITORY, image.id)
        held = await self._runtime.inspect_image(image_id)
        await progress.completed(image_id=held.image_id, size=held.size, **_facts(held), **known)


class PullImage(_ImportTask):
    """Pulls an image; what the registry says of it is read first, so that a wrong name fails at once."""

    def __init__(self, database: Database, clock: Clock, runtime: Runtime, registry: Registry, sealer: Sealer) -> None:
        super().__init__(database, clock, runtime)
        self._registry = registry
        self._sealer = sealer

    async def _import(self, image: ContainerImage, progress: ImportProgress) -> None:
        username = image.username or ""
        password = self._sealer.open(image.sealed_password) if image.sealed_password else ""
        await progress.step(f"Asking {image.registry_host} for the image", 5)
        reference = self._registry.parse(image.reference)
        described = await self._registry.describe(
            reference,
            username=username,
            password=password,
            architecture=(await self._runtime.facts()).architecture,
        )
        await progress.step("Uploading container image", 20, size=described.size, **_facts(described))
        image_id = await self._runtime.pull_image(
            f"{reference.registry}/{reference.repository}@{described.digest}",
            credentials=Credentials(username, password) if username or password else None,
            insecure=self._registry.is_insecure(reference),
            on_progress=progress.transferred,
        )
        await self._keep(image, image_id, progress, digest=described.digest)


class LoadArchive(_ImportTask):
    """Checks an uploaded archive to its last byte, then gives it to the runtime."""

    def __init__(self, database: Database, clock: Clock, runtime: Runtime, archives: ArchiveReader) -> None:
        super().__init__(database, clock, runtime)
        self._archives = archives

    async def _import(self, image: ContainerImage, progress: ImportProgress) -> None:
        archive = Path(image.archive_path or "")
        if not await asyncio.to_thread(archive.exists):
            raise NotFound("The uploaded archive is gone; upload it again.")
        await progress.step("Checking the archive", 5)
        described = await self._archives.describe(archive, architecture=(await self._runtime.facts()).architecture)
        await progress.step("Uploading container image", 20, size=described.size, **_facts(described))
        image_id = await self._runtime.load_image(archive, on_progress=progress.transferred)
        await self._keep(image, image_id, progress, digest=described.digest)
        await _drop_archive(image)


async def _drop_archive(image: ContainerImage) -> None:
    if image.archive_path:
        await asyncio.to_thread(Path(image.archive_path).unlink, missing_ok=True)


def _facts(image: ImageFacts | ImageDescription) -> dict[str, Any]:
    return {
        "architecture": image.architecture,
        "labels": dict(image.labels),
        "entrypoint": list(image.entrypoint),
        "command": list(image.command),
        "ports": list(image.ports),
        "environment": list(image.environment),
        "container_user": image.user,
    }
