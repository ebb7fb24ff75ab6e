"""Asks for an image: writes what is wanted, and the work that fetches it."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.registries.base import Reference
from modelyard.core.clock import Clock
from modelyard.core.ids import new_uuid
from modelyard.core.sealing import Sealer
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.work import queue

PULL = "images:pull"
LOAD = "images:load-archive"
MOST_ATTEMPTS = 3
"""Few, because somebody waits: a registry whose name is wrong is told within seconds."""


async def request_pull(
    session: AsyncSession, clock: Clock, sealer: Sealer, reference: Reference, *, username: str = "", password: str = ""
) -> ContainerImage:
    """Starts a pull from a registry; the password is kept sealed until the pull has ended."""
    image = _new_image(clock, str(reference))
    image.registry_host = reference.registry
    image.repository = reference.repository
    image.username = username or None
    image.sealed_password = sealer.seal(password) if password else None
    return await _enqueue(session, clock, image, PULL)


async def request_load(session: AsyncSession, clock: Clock, archive: Path, *, file_name: str) -> ContainerImage:
    """Starts the import of an uploaded archive, which then belongs to the import."""
    image = _new_image(clock, file_name[:1000])
    image.archive_path = str(archive)
    return await _enqueue(session, clock, image, LOAD)


async def _enqueue(session: AsyncSession, clock: Clock, image: ContainerImage, kind: str) -> ContainerImage:
    session.add(image)
    await session.flush()
    queue.enqueue(session, clock, kind, {"image": image.id}, max_attempts=MOST_ATTEMPTS)
    return image


def _new_image(clock: Clock, reference: str) -> ContainerImage:
    return ContainerImage(
        id=new_uuid(),
        state=ImportState.QUEUED,
        step="Waiting to start",
        percentage=0,
        reference=reference,
        created_at=clock.now(),
    )
