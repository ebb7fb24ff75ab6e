"""Writes down how an import goes, in short transactions of their own."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.runtimes.base import PullProgress
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.images.tables import ContainerImage, ImportState

SECONDS_BETWEEN_WRITES = 0.5
_FROM, _TO = 20, 90
"""Per cent between which the transfer of bytes is shown; before and after it other things are done."""

OnEnd = Callable[[AsyncSession, Clock, str], Awaitable[None]]
"""What follows from the end of an import, in the same transaction; it gets the image's identifier."""


def transferred_share(image: ContainerImage) -> float | None:
    """How much of an image has been transferred, from 0 to 1; None while nobody knows, and once it is there."""
    is_known = image.state == ImportState.RUNNING and _FROM < image.percentage < _TO
    return (image.percentage - _FROM) / (_TO - _FROM) if is_known else None


class ImportProgress:
    """The progress of one import, written at most twice a second."""

    def __init__(self, database: Database, clock: Clock, image: str, on_end: OnEnd | None = None) -> None:
        self._database = database
        self._clock = clock
        self._image = image
        self._on_end = on_end
        self._last_write: float | None = None

    async def step(self, text: str, percentage: int, **facts: Any) -> None:
        """Enters a step."""
        await self._write({"state": ImportState.RUNNING, "step": text[:200], "percentage": percentage, **facts})

    async def transferred(self, progress: PullProgress) -> None:
        """Shows transferred bytes between 20 and 90 per cent; too frequent calls are left out."""
        now = self._clock.now().timestamp()
        if self._last_write is not None and now - self._last_write < SECONDS_BETWEEN_WRITES:
            return
        self._last_write = now
        share = progress.done_bytes / progress.total_bytes if progress.total_bytes > 0 else 0.0
        values: dict[str, Any] = {"step": progress.text[:200]}
        if share > 0:
            values["percentage"] = _FROM + round((_TO - _FROM) * min(1.0, share))
        await self._write(values)

    async def completed(self, **facts: Any) -> None:
        """Records that the image is there, and forgets the credentials."""
        await self._end({"state": ImportState.COMPLETED, "step": "Completed", "percentage": 100, **facts})

    async def failed(self, error: PlatformError) -> None:
        """Records why there is no image, and forgets the credentials."""
        await self._end(
            {
                "state": ImportState.FAILED,
                "step": "Failed",
                "error": error.message,
                "technical_information": error.technical_information,
            }
        )

    async def _end(self, values: Mapping[str, Any]) -> None:
        ended = {**values, "finished_at": self._clock.now(), "sealed_password": None}
        async with self._database.write() as session:
            await self._update(session, ended)
            if self._on_end:
                await self._on_end(session, self._clock, self._image)

    async def _write(self, values: Mapping[str, Any]) -> None:
        async with self._database.write() as session:
            await self._update(session, values)

    async def _update(self, session: AsyncSession, values: Mapping[str, Any]) -> None:
        await session.execute(update(ContainerImage).where(ContainerImage.id == self._image).values(**values))
