"""Which database a session talks to."""

from modelyard.core.database import Database
from modelyard.core.dialects import is_sqlite


async def test_both_are_told_apart(database: Database) -> None:
    async with database.read() as session:
        assert is_sqlite(session) == database.is_sqlite
