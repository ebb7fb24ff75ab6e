"""What a crash leaves in the directory of uploads."""

from pathlib import Path

from modelyard.core.database import Database
from modelyard.domain.images.leftovers import remove_leftovers
from modelyard.domain.images.request_import import request_load
from tests.manual_clock import ManualClock


async def test_only_what_an_import_waits_for_stays(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    for name in ("wanted.tar", "abandoned.tar", "abandoned.part", "other.txt"):
        (tmp_path / name).touch()
    async with database.write() as session:
        await request_load(session, clock, tmp_path / "wanted.tar", file_name="mine.tar")
    removed = await remove_leftovers(database, tmp_path)

    assert removed == 2
    assert {path.name for path in tmp_path.glob("*.[tp]*")} == {"wanted.tar", "other.txt"}
