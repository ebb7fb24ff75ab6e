"""Reads the rows that a test works with."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from modelyard.core.database import Database
from modelyard.core.errors import Conflict
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests.request import UNFINISHED
from modelyard.domain.version_tests.tables import VersionTest


class ChangedMeanwhile(Conflict):
    """What was tested is no longer what the version is."""

    def __init__(self) -> None:
        super().__init__("The version was changed while the test ran, so its result says nothing; start it again.")


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


async def require_unchanged(session: AsyncSession, tested: Version, names: tuple[str, ...]) -> None:
    """Raises ChangedMeanwhile when one of these fields is not as it was when the test began."""
    current = await session.get_one(Version, tested.id)
    if any(getattr(current, name) != getattr(tested, name) for name in names):
        raise ChangedMeanwhile
