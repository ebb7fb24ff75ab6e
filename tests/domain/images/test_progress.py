"""The progress of an import as people see it."""

from sqlalchemy import select

from modelyard.adapters.runtimes.base import PullProgress
from modelyard.core.database import Database
from modelyard.domain.images.progress import ImportProgress
from modelyard.domain.images.tables import ContainerImage
from tests.library import held_image
from tests.manual_clock import ManualClock


async def _shown(database: Database) -> tuple[str, int]:
    async with database.read() as session:
        row = (await session.scalars(select(ContainerImage))).one()
    return row.step, row.percentage


async def test_bytes_move_it_between_20_and_90(database: Database, clock: ManualClock) -> None:
    image = held_image()
    async with database.write() as session:
        session.add(image)
    progress = ImportProgress(database, clock, image.id)
    seen = []
    for done, total in ((0, 100), (50, 100), (100, 100), (300, 100), (5, 0), (-1, -1)):
        await progress.transferred(PullProgress(f"{done} of {total}", done, total))
        seen.append(await _shown(database))
        await clock.advance(1)

    assert [step for step, _ in seen] == ["0 of 100", "50 of 100", "100 of 100", "300 of 100", "5 of 0", "-1 of -1"]
    assert [percentage for _, percentage in seen] == [100, 55, 90, 90, 90, 90]


async def test_frequent_news_are_left_out(database: Database, clock: ManualClock) -> None:
    image = held_image()
    async with database.write() as session:
        session.add(image)
    progress = ImportProgress(database, clock, image.id)
    await progress.transferred(PullProgress("first", 10, 100))
    await clock.advance(0.4)
    await progress.transferred(PullProgress("too soon", 20, 100))

    assert await _shown(database) == ("first", 27)
