"""After a crash: removes uploaded archives, and parts of other uploads, that no import waits for."""

import asyncio
from pathlib import Path

from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.images.tables import ContainerImage, ImportState


async def remove_leftovers(database: Database, uploads: Path) -> int:
    """Removes them and returns how many; right only while nothing is being uploaded."""
    unfinished = ContainerImage.state.in_([ImportState.QUEUED, ImportState.RUNNING])
    async with database.read() as session:
        wanted = set(await session.scalars(select(ContainerImage.archive_path).where(unfinished)))
    return await asyncio.to_thread(_remove_others, uploads, wanted)


def _remove_others(uploads: Path, wanted: set[str | None]) -> int:
    held = [*uploads.glob("*.tar"), *uploads.glob("*.part")]
    others = [path for path in held if str(path) not in wanted]
    for path in others:
        path.unlink()
    return len(others)
