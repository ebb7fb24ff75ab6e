"""After a crash: removes uploaded archives that no import waits for."""

import asyncio
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.images.tables import ContainerImage, ImportState


async def remove_leftovers(session: AsyncSession, uploads: Path) -> int:
    """Removes them and returns how many; right only while nothing is being uploaded."""
    wanted = await session.scalars(
        select(ContainerImage.archive_path).where(
            ContainerImage.archive_path.is_not(None),
            ContainerImage.state.in_([ImportState.QUEUED, ImportState.RUNNING]),
        )
    )
    return await asyncio.to_thread(_remove_others, uploads, set(wanted))


def _remove_others(uploads: Path, wanted: set[str | None]) -> int:
    others = [path for path in uploads.glob("*.tar") if str(path) not in wanted]
    for path in others:
        path.unlink()
    return len(others)
