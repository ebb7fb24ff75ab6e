"""Removes the files and images of what is gone: work that is written down together with the removal of the rows."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.runtimes.base import ImageInUse, Runtime
from modelyard.adapters.storage.base import Storage
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError, Unavailable
from modelyard.core.logs import log
from modelyard.domain.images.copies import ImageCopies
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.images.tasks import REPOSITORY
from modelyard.domain.work import queue
from modelyard.domain.work.queue import ClaimedWork

REMOVE = "removal:files"
MOST_ATTEMPTS = 20


def enqueue_removal(
    session: AsyncSession, clock: Clock, *, keys: Sequence[str], images: Mapping[str, str | None]
) -> None:
    """Writes down what is to be removed.

    Args:
        keys: of files in the storage.
        images: what the runtime calls each, where it got that far, by our identifiers.
    """
    if keys or images:
        payload = {"keys": list(keys), "images": dict(images)}
        queue.enqueue(session, clock, REMOVE, payload, max_attempts=MOST_ATTEMPTS)


class RemoveFiles:
    """The task; what is gone already is no error, so it may run twice."""

    def __init__(self, database: Database, runtime: Runtime, storage: Storage) -> None:
        self._database = database
        self._runtime = runtime
        self._storage = storage
        self._copies = ImageCopies(storage, are_kept=False)

    async def run(self, work: ClaimedWork) -> None:
        for key in work.payload["keys"]:
            await self._storage.delete(key)
        for name, image_id in work.payload["images"].items():
            try:
                await self._remove(name, image_id)
            except ImageInUse as error:
                raise Unavailable(f"an image cannot be removed yet: {error.message}") from error

    async def _remove(self, name: str, image_id: str | None) -> None:
        await self._runtime.remove_image(f"{REPOSITORY}:{name}")
        if image_id is None:
            return
        async with self._database.read() as session:
            same = select(ContainerImage.id).where(ContainerImage.image_id == image_id).limit(1)
            is_shared = await session.scalar(same) is not None
        if not is_shared:
            await self._copies.forget(image_id)
            await self._runtime.remove_image(image_id)

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        log.warning("files of what was removed are left behind", work=work.id, reason=error.message)
