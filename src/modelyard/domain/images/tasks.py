"""The work of importing images: pull from a registry, load an uploaded archive."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from modelyard.adapters.registries.base import ArchiveReader, ImageDescription, Registry
from modelyard.adapters.runtimes.base import Credentials, ImageFacts, ImageNotFound, Runtime
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import NotFound, PlatformError, UpstreamFailed
from modelyard.core.sealing import Sealer
from modelyard.domain.images.copies import ImageCopies, pieces_of
from modelyard.domain.images.marks import ImageMarks
from modelyard.domain.images.progress import ImportProgress, OnEnd
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.work.queue import ClaimedWork

REPOSITORY = "modelyard.local/image"


LONGEST_FETCH_SECONDS = 7200.0


class FetchTooSlow(UpstreamFailed):
    """The image did not arrive in time."""

    def __init__(self, reference: str, seconds: float) -> None:
        super().__init__(
            f"The image {reference} did not arrive within {seconds / 3600:.3g} hours; "
            "see whether its registry is well, then ask for it again."
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """An image that the runtime now holds, and the digest under which its source knows it."""

    image_id: str
    digest: str


class Fetcher(Protocol):
    """Brings an image from one kind of source into the runtime."""

    async def fetch(self, image: ContainerImage, progress: ImportProgress) -> Fetched:
        """Checks what can be checked beforehand, then brings the image."""


class ImportImage:
    """The task of importing an image, wherever it comes from."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        runtime: Runtime,
        fetcher: Fetcher,
        *,
        longest_fetch: float = LONGEST_FETCH_SECONDS,
        on_end: OnEnd | None = None,
        copies: ImageCopies | None = None,
        marks: ImageMarks | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._runtime = runtime
        self._fetcher = fetcher
        self._longest_fetch = longest_fetch
        self._on_end = on_end
        self._copies = copies
        self._marks = marks

    async def run(self, work: ClaimedWork) -> None:
        image = await self._image(work)
        if image is None or image.state in {ImportState.COMPLETED, ImportState.FAILED}:
            return
        progress = self._progress(image)
        fetched = await self._fetch(image, progress)
        await progress.step("Inspecting the image", 95)
        if self._marks:
            await asyncio.to_thread(self._marks.add, image.id, fetched.image_id)
        # With a name of ours nobody prunes it as unused.
        await self._runtime.tag_image(fetched.image_id, REPOSITORY, image.id)
        held = await self._runtime.inspect_image(fetched.image_id)
        await self._keep_copy(image, held.image_id, progress)
        await progress.completed(image_id=held.image_id, digest=fetched.digest, size=held.size, **_facts(held))
        await _drop_archive(image)

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        image = await self._image(work)
        if image is not None:
            await self._progress(image).failed(error)
            await _drop_archive(image)

    async def _keep_copy(self, image: ContainerImage, image_id: str, progress: ImportProgress) -> None:
        copies = self._copies
        if copies is None or not copies.are_kept or not needs_copy(image) or await copies.has(image_id):
            return
        await progress.step("Keeping a copy for other servers", 97)
        if image.archive_path:
            await copies.keep(image_id, pieces_of(Path(image.archive_path)))
            return
        async with contextlib.aclosing(self._runtime.save_image(image_id)) as archive:
            await copies.keep(image_id, archive)

    def _progress(self, image: ContainerImage) -> ImportProgress:
        return ImportProgress(self._database, self._clock, image.id, self._on_end)

    async def _fetch(self, image: ContainerImage, progress: ImportProgress) -> Fetched:
        # A registry that falls silent must not keep a worker for ever.
        try:
            async with asyncio.timeout(self._longest_fetch):
                return await self._fetcher.fetch(image, progress)
        except TimeoutError:
            raise FetchTooSlow(image.reference, self._longest_fetch) from None

    async def _image(self, work: ClaimedWork) -> ContainerImage | None:
        async with self._database.read() as session:
            return await session.get(ContainerImage, work.payload["image"])


class RegistryFetcher:
    """Pulls from a registry; what it says of the image is read first, so that a wrong name fails at once."""

    def __init__(self, runtime: Runtime, registry: Registry, sealer: Sealer) -> None:
        self._runtime = runtime
        self._registry = registry
        self._sealer = sealer

    async def fetch(self, image: ContainerImage, progress: ImportProgress) -> Fetched:
        username = image.username or ""
        password = self._sealer.open(image.sealed_password) if image.sealed_password else ""
        await progress.step(f"Asking {image.registry_host} for the image", 5)
        reference = self._registry.parse(image.reference)
        architecture = (await self._runtime.facts()).architecture
        described = await self._registry.describe(
            reference, username=username, password=password, architecture=architecture
        )
        await progress.step("Uploading container image", 20, size=described.size, **_facts(described))
        image_id = await self._runtime.pull_image(
            f"{reference.registry}/{reference.repository}@{described.digest}",
            credentials=Credentials(username, password) if username or password else None,
            insecure=self._registry.is_insecure(reference),
            on_progress=progress.transferred,
        )
        return Fetched(image_id, described.digest)


class ArchiveFetcher:
    """Checks an uploaded archive to its last byte, then gives it to the runtime."""

    def __init__(self, runtime: Runtime, archives: ArchiveReader) -> None:
        self._runtime = runtime
        self._archives = archives

    async def fetch(self, image: ContainerImage, progress: ImportProgress) -> Fetched:
        archive = Path(image.archive_path or "")
        if not await asyncio.to_thread(archive.exists):
            raise NotFound("The uploaded archive is gone; upload it again.")
        await progress.step("Checking the archive", 5)
        described = await self._archives.describe(archive, architecture=(await self._runtime.facts()).architecture)
        await progress.step("Uploading container image", 20, size=described.size, **_facts(described))
        loaded = await self._runtime.load_image(archive, on_progress=progress.transferred)
        return Fetched(await self._id_of(described, loaded), described.digest)

    async def _id_of(self, described: ImageDescription, loaded: str) -> str:
        """The id of the image that was checked: another archive may have taken its name right after it was loaded."""
        if described.image_id in {"", loaded}:
            return loaded
        try:
            return (await self._runtime.inspect_image(described.image_id)).image_id
        except ImageNotFound:  # docker with containerd's store gives ids of another kind
            return loaded


def needs_copy(image: ContainerImage) -> bool:
    """Whether other machines cannot pull the image: it was uploaded, or its registry wants a password."""
    return image.registry_host is None or image.username is not None


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
