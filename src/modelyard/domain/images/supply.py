"""Brings images here that another machine imported: from their registry by digest, or from the copy in the storage."""

import asyncio
import contextlib
import platform
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from modelyard.adapters.registries.base import ArchiveReader, Registry
from modelyard.adapters.runtimes.base import Credentials, ImageInUse, ImageNotFound, Runtime
from modelyard.adapters.storage.base import StorageUnavailable, StoredFileNotFound
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError, Unavailable, UpstreamFailed
from modelyard.core.ids import random_word
from modelyard.core.logs import log
from modelyard.core.sealing import Sealer
from modelyard.domain.images.copies import ImageCopies
from modelyard.domain.images.marks import ImageMarks
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.images.tasks import LONGEST_FETCH_SECONDS, REPOSITORY, needs_copy

SECONDS_BETWEEN_REMOVALS = 60.0
SECONDS_BETWEEN_COPIES = 3600.0


class ImageNotHere(Unavailable):
    """This machine lacks an image and could not get it; another one may have it.

    Args:
        is_final: that trying again will not help this machine.
    """

    def __init__(self, reference: str, reason: str, information: str | None = None, *, is_final: bool = False) -> None:
        self.is_final = is_final
        super().__init__(
            f"The machine {platform.node()} does not have the image {reference[:300]}, and could not get it: {reason}",
            information,
        )


class OtherImage(UpstreamFailed):
    """What came is not the image that was imported."""

    def __init__(self, wanted: str, came: str) -> None:
        super().__init__(
            f"what came is the image {came} and not {wanted}; all servers need the same kind of container runtime, "
            "and nobody may have changed what is kept."
        )


@dataclass(frozen=True, slots=True)
class ImageSupply:
    """Gives this machine's runtime the images that it lacks.

    Args:
        scratch: a directory for archives on their way, from which leftovers (`*.part`) are removed at the start.
    """

    database: Database
    runtime: Runtime
    registry: Registry
    archives: ArchiveReader
    sealer: Sealer
    copies: ImageCopies
    marks: ImageMarks
    scratch: Path
    locks: defaultdict[str, asyncio.Lock]

    async def has(self, image_id: str) -> bool:
        """Whether the runtime has an image, by what it calls it. Raises RuntimeUnavailable."""
        try:
            await self.runtime.inspect_image(image_id)
        except ImageNotFound:
            return False
        return True

    async def bring(self, image_id: str) -> None:
        """Makes sure that the runtime has an image. Raises ImageNotHere, RuntimeUnavailable."""
        async with self.locks[image_id]:
            if await self.has(image_id):
                return
            rows = await self._rows(image_id)
            reference = rows[0].reference if rows else image_id
            log.info("an image is brought to this machine", image=reference)
            try:
                async with asyncio.timeout(LONGEST_FETCH_SECONDS):
                    await self._fetch(image_id, rows)
            except TimeoutError:
                raise ImageNotHere(reference, "it did not arrive in time.") from None
            except StoredFileNotFound as error:
                raise ImageNotHere(reference, "its copy in the storage has just been removed.") from error
            except PlatformError as error:
                is_final = not isinstance(error, Unavailable)
                raise ImageNotHere(reference, error.message, error.technical_information, is_final=is_final) from error

    async def keep_missing_copies(self) -> None:
        """Makes copies of images that this machine has and others cannot pull."""
        if not self.copies.are_kept:
            return
        async with self.database.read() as session:
            is_here = (ContainerImage.state == ImportState.COMPLETED, ContainerImage.image_id.is_not(None))
            rows = list(await session.scalars(select(ContainerImage).where(*is_here)))
        for image_id in sorted({row.image_id for row in rows if row.image_id and needs_copy(row)}):
            if not await self.copies.has(image_id) and await self.has(image_id):
                async with contextlib.aclosing(self.runtime.save_image(image_id)) as archive:
                    await self.copies.keep(image_id, archive)

    async def remove_unwanted(self) -> None:
        """Removes images from this machine's runtime whose versions were removed, whoever did it."""
        for row_id, image_id in (await asyncio.to_thread(self.marks.all)).items():
            async with self.database.read() as session:
                if await session.get(ContainerImage, row_id) is not None:
                    continue
                same = select(ContainerImage.id).where(ContainerImage.image_id == image_id).limit(1)
                is_shared = await session.scalar(same) is not None
            with contextlib.suppress(ImageInUse):  # until the next time
                await self.runtime.remove_image(f"{REPOSITORY}:{row_id}")
                if not is_shared:
                    await self.runtime.remove_image(image_id)
                await asyncio.to_thread(self.marks.forget, row_id)

    async def _rows(self, image_id: str) -> list[ContainerImage]:
        """The imports of an image, those from registries first."""
        async with self.database.read() as session:
            query = select(ContainerImage).where(
                ContainerImage.image_id == image_id, ContainerImage.state == ImportState.COMPLETED
            )
            rows = list(await session.scalars(query.order_by(ContainerImage.created_at)))
        return sorted(rows, key=lambda row: row.registry_host is None)

    async def _fetch(self, image_id: str, rows: Sequence[ContainerImage]) -> None:
        if not rows:
            raise UpstreamFailed("no version has it any more.")
        if await self._has_copy(image_id):
            came = await self._load(image_id)
        elif rows[0].registry_host is None:
            raise UpstreamFailed(
                "it was uploaded, and no copy of it is in the storage that all servers share; set "
                "MODELYARD_IMAGE_COPIES=always on the server that has it, or upload it here."
            )
        else:
            came = await self._pull(rows[0])
        if came != image_id:
            raise OtherImage(image_id, came)
        for row in rows:
            await asyncio.to_thread(self.marks.add, row.id, image_id)
            await self.runtime.tag_image(image_id, REPOSITORY, row.id)  # nobody prunes it as unused then

    async def _has_copy(self, image_id: str) -> bool:
        try:
            return await self.copies.has(image_id)
        except StorageUnavailable as error:
            log.warning("the storage cannot be asked for an image", reason=error.message)
            return False

    async def _pull(self, row: ContainerImage) -> str:
        reference = self.registry.parse(row.reference)
        password = self.sealer.open(row.sealed_password) if row.sealed_password else ""
        return await self.runtime.pull_image(
            f"{reference.registry}/{reference.repository}@{row.digest}",
            credentials=Credentials(row.username or "", password) if password else None,
            insecure=self.registry.is_insecure(reference),
        )

    async def _load(self, image_id: str) -> str:
        """Reads the copy to its last byte before the runtime gets it."""
        path = self.scratch / f"{random_word(24)}.part"
        try:
            with path.open("xb") as file:
                async for piece in self.copies.read(image_id):
                    await asyncio.to_thread(file.write, piece)
            described = await self.archives.describe(path, architecture=(await self.runtime.facts()).architecture)
            if described.image_id not in ("", image_id):
                raise OtherImage(image_id, described.image_id)
            return await self.runtime.load_image(path)
        except OSError as error:
            raise UpstreamFailed(f"its archive could not be written: {error.strerror}.") from error
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)


async def maintain_images(supply: ImageSupply) -> None:
    """Goes on until cancelled: makes missing copies, and removes what no version has."""
    next_copies = 0.0
    while True:
        try:
            await supply.remove_unwanted()
            if time.monotonic() >= next_copies:
                await supply.keep_missing_copies()
                next_copies = time.monotonic() + SECONDS_BETWEEN_COPIES
        except (PlatformError, OSError) as error:
            log.warning("images could not be looked after; next try follows", reason=str(error))
        await asyncio.sleep(SECONDS_BETWEEN_REMOVALS)
