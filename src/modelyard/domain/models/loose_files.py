"""Stored files that are not part of anything yet, or not any more; so that no crash leaves one for ever.

Who stores files announces them first, in a transaction of its own; the transaction that makes them count claims them.
Who stops using files releases them in the transaction that does so. What is neither claimed nor in use is removed.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.storage.base import Storage
from modelyard.core.clock import Clock
from modelyard.core.database import Database, ring_after_commit
from modelyard.core.errors import Unavailable
from modelyard.core.logs import log
from modelyard.domain.models.tables import LooseFile

TOPIC = "loose files"
TIME_TO_CLAIM = timedelta(hours=1)
SECONDS_BETWEEN_LOOKS = 600.0
FILES_AT_ONCE = 500


def announce_files(session: AsyncSession, clock: Clock, keys: Iterable[str]) -> None:
    """Writes down that files are about to be stored."""
    session.add_all(LooseFile(storage_key=key, due=clock.now() + TIME_TO_CLAIM) for key in keys)


async def claim_files(session: AsyncSession, keys: Sequence[str]) -> None:
    """Says that announced files are part of something from now on."""
    await session.execute(delete(LooseFile).where(LooseFile.storage_key.in_(keys)))


@asynccontextmanager
async def announced(database: Database, clock: Clock, storage: Storage, keys: Sequence[str]) -> AsyncIterator[None]:
    """Within the block files are stored under these keys and claimed; when it fails, they are removed."""
    if keys:
        async with database.write() as session:
            announce_files(session, clock, keys)
    try:
        yield
    except BaseException:
        with suppress(Unavailable):  # what remains is removed later: it was announced
            for key in keys:
                await storage.delete(key)
            async with database.write() as session:
                await claim_files(session, keys)
        raise


def release_files(session: AsyncSession, clock: Clock, keys: Iterable[str]) -> None:
    """Says that nothing uses these files any more; they are removed soon after the commit."""
    session.add_all(LooseFile(storage_key=key, due=clock.now()) for key in keys)
    ring_after_commit(session, TOPIC)


class LooseFileRemoval:
    """Removes what is due: at the start of the server everything, because nobody stores anything yet."""

    def __init__(self, database: Database, clock: Clock, storage: Storage) -> None:
        self._database = database
        self._clock = clock
        self._storage = storage
        self._bell = database.bells.listen(TOPIC)

    async def remove_left_over(self) -> int:
        """Right only while nothing is being uploaded."""
        return await self._remove_until(TIME_TO_CLAIM * 2)

    async def remove_due(self) -> int:
        """Removes what may be removed by now; returns how many files."""
        return await self._remove_until(timedelta(0))

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            await self.remove_due()
            await self._bell.wait(SECONDS_BETWEEN_LOOKS)

    async def _remove_until(self, ahead: timedelta) -> int:
        removed = 0
        query = select(LooseFile.storage_key).where(LooseFile.due <= self._clock.now() + ahead).limit(FILES_AT_ONCE)
        while True:
            async with self._database.read() as session:
                keys = list(await session.scalars(query))
            if not keys:
                return removed
            try:
                for key in keys:
                    await self._storage.delete(key)
            except Unavailable as error:
                log.warning("files could not be removed; next try follows", reason=error.message)
                return removed
            async with self._database.write() as session:
                await claim_files(session, keys)
            removed += len(keys)
