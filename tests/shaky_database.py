"""A database that is away when a test says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Database
from modelyard.core.database_errors import DatabaseAway


class ShakyDatabase(Database):
    """Refuses the next transactions that write, as many as `failures` says; of `lost_answers` only says so."""

    failures = 0
    lost_answers = 0
    """Transactions that are committed, but whose answer is lost on its way."""

    @asynccontextmanager
    async def write(self, *, beside_others: bool = False, is_brief: bool = False) -> AsyncIterator[AsyncSession]:
        if self.failures:
            self.failures -= 1
            raise DatabaseAway
        async with super().write(beside_others=beside_others, is_brief=is_brief) as session:
            yield session
        if self.lost_answers:
            self.lost_answers -= 1
            raise DatabaseAway
