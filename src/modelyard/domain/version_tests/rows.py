"""Reads the rows that a test works with."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from modelyard.core.database import Database
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests.request import UNFINISHED
from modelyard.domain.version_tests.tables import VersionTest


@dataclass(frozen=True, slots=True)
class LoadedTest:
    """A test that has not ended, and its version with image, preset and test files."""

    test: VersionTest
    version: Version


async def load_test_rows(database: Database, test_id: int) -> LoadedTest | None:
    """Reads a test; None when it has ended already."""
    async with database.read() as session:
        test = await session.get(VersionTest, test_id)
        if test is None or test.state not in UNFINISHED:
            return None
        query = select(Version).where(Version.id == test.version_id)
        parts = (joinedload(Version.image), joinedload(Version.requirement), selectinload(Version.test_inputs))
        return LoadedTest(test, (await session.scalars(query.options(*parts))).one())
