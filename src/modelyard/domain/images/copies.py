"""Copies of images in the object store, for machines that cannot pull them: of uploads, and of what needs a password.

A copy is an archive as `docker save` writes it, under the image's own digest, so that there is one however often the
image was imported. It goes with the last version that has the image.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.storage.base import Storage, StoredFileNotFound
from modelyard.adapters.storage.keys import safe_segment
from modelyard.core.listing import portions
from modelyard.domain.images.tables import ContainerImage

IMAGES = "images"
"""What the keys begin with."""
_BYTES_AT_ONCE = 1_048_576


def key_of_copy(image_id: str) -> str:
    """Under which key the copy of an image is, by what the runtime calls the image."""
    return f"{IMAGES}/{safe_segment(image_id.removeprefix('sha256:'))}"


class ImageCopies:
    """Keeps copies.

    Args:
        are_kept: whether new ones are made; those that are there are used and removed all the same.
    """

    def __init__(self, storage: Storage, *, are_kept: bool) -> None:
        self._storage = storage
        self.are_kept = are_kept

    async def has(self, image_id: str) -> bool:
        """Whether there is one. Raises StorageUnavailable."""
        try:
            await self._storage.head(key_of_copy(image_id))
        except StoredFileNotFound:
            return False
        return True

    async def keep(self, image_id: str, archive: AsyncIterator[bytes]) -> None:
        """Makes one. Raises StorageUnavailable, and what the archive raises; then there is none."""
        await self._storage.put_stream(key_of_copy(image_id), archive)

    def read(self, image_id: str) -> AsyncIterator[bytes]:
        """Its bytes. Raises StoredFileNotFound, StorageUnavailable."""
        return self._storage.get_stream(key_of_copy(image_id))

    async def forget(self, image_id: str) -> None:
        """Removes it, if there is one."""
        await self._storage.delete(key_of_copy(image_id))


async def stray_copies(session: AsyncSession, keys: set[str]) -> set[str]:
    """Those of some keys whose images no row has."""
    known: set[str] = set()
    for some in portions(sorted(f"sha256:{key.removeprefix(f'{IMAGES}/')}" for key in keys)):
        held = select(ContainerImage.image_id).where(ContainerImage.image_id.in_(some))
        known |= {key_of_copy(image_id) for image_id in await session.scalars(held) if image_id}
    return keys - known


async def pieces_of(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a file."""
    with path.open("rb", buffering=0) as file:
        while piece := await asyncio.to_thread(file.read, _BYTES_AT_ONCE):
            yield piece
