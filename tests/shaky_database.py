"""A database that is away when a test says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Database
from modelyard.core.database_errors import DatabaseAway


class ShakyDatabase(Database):
    """Refuses the next transactions that write, as many as `failures` says."""

    failures = 0

    @asynccontextmanager
    async def write(self, *, beside_others: bool = False, is_brief: bool = False) -> AsyncIterator[AsyncSession]:
        if self.failures:
            self.failures -= 1
            raise DatabaseAway
        async with super().write(beside_others=beside_others, is_brief=is_brief) as session:
            yield session
