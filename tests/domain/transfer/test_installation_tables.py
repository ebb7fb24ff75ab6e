"""What was under way where an installation came from is not taken for running where it arrives."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from modelyard.core.database import Database
from modelyard.domain.engines.tables import Engine, EngineState
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.jobs.status import ItemState
from modelyard.domain.jobs.tables import Job, JobItem
from modelyard.domain.models.tables import LooseFile, Version
from modelyard.domain.transfer.installation_tables import at_home, at_rest, moved_tables
from modelyard.domain.work.tables import Work, WorkState
from tests.domain.transfer.every_row import fill
from tests.domain.transfer.moving import Place

TABLES = {table.name: table for table in moved_tables()}


@pytest.mark.parametrize(
    ("table", "row", "rested"),
    [
        ("work", {"state": "running", "owner": "a/b", "heartbeat_at": 1}, {"state": "queued", "owner": None}),
        ("work", {"state": "done", "owner": "a/b"}, {"state": "done", "owner": "a/b"}),
        ("job_items", {"state": "running", "owner": "a", "claim": "c", "attempts": 2}, {"claim": None, "attempts": 1}),
        ("job_items", {"state": "running", "attempts": 0}, {"state": "queued", "attempts": 0}),
        ("job_items", {"state": "failed", "attempts": 2}, {"state": "failed", "attempts": 2}),
        ("job_lanes", {"is_waiting": False}, {"is_waiting": True}),
        ("engines", {"state": "running"}, {"state": "running"}),
        ("accounts", {"id": "a"}, {"id": "a"}),
    ],
)
def test_nobody_works_on_what_moves(table: str, row: dict[str, Any], rested: dict[str, Any]) -> None:
    found = at_rest(TABLES[table], row)

    assert {name: found[name] for name in rested} == rested


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, None),
        ("/old/uploads/1.tar", "/new/1.tar"),
        ("/etc/passwd", "/new/gone.tar"),
        ("/old/..", "/new/gone.tar"),
        ("", "/new/gone.tar"),
        ("/old/1.tar/../../x.tar", "/new/x.tar"),
    ],
)
def test_uploads_are_looked_for_here(before: str | None, after: str | None) -> None:
    row = {"archive_path": before, "image_id": "old"}
    home = at_home(TABLES["container_images"], row, uploads=Path("/new"), renamed={"old": "new"})

    assert home == {"archive_path": after, "image_id": "new"}


def test_other_rows_are_at_home_everywhere() -> None:
    assert at_home(TABLES["work"], {"image_id": "a"}, uploads=Path("/new"), renamed={"a": "b"}) == {"image_id": "a"}


async def test_what_was_under_way_waits(source: Database, target: Database, tmp_path: Path) -> None:
    old, new = Place(source, tmp_path), Place(target, tmp_path)
    async with source.write() as session:
        await fill(session)
        engines = list(await session.scalars(select(Engine.id)))
        for state, engine in zip((EngineState.STOPPED, EngineState.READY, EngineState.STARTING), engines, strict=True):
            await session.execute(update(Engine).where(Engine.id == engine).values(state=state))
        await session.execute(update(Work).values(state=WorkState.RUNNING, owner="old/process"))
        await session.execute(update(JobItem).values(state=ItemState.RUNNING, owner="old/process", attempts=1))
        session.add(LooseFile(storage_key="pictures/loose", due=datetime.now(UTC)))
    for key in ("pictures/loose", "pictures/kept"):
        await old.storage.put(key, b"x")

    await new.take(await old.export())

    async with target.read() as session:
        assert list(await session.scalars(select(Engine.state))) == [EngineState.STOPPED]
        assert set(await session.execute(select(Work.state, Work.owner, Work.heartbeat_at))) == {("queued", None, None)}
        assert set(await session.execute(select(JobItem.state, JobItem.owner))) == {("queued", None)}
        assert set(await session.scalars(select(JobItem.attempts))) == {0}
        assert list(await session.scalars(select(LooseFile))) == []
    assert await new.keys() == ["pictures/kept"]


async def test_a_number_that_jobs_remember_is_not_given_again(
    source: Database, target: Database, tmp_path: Path
) -> None:
    async with source.write() as session:
        await fill(session)
        await session.execute(update(Job).values(version_id=5_000_000))
    await Place(target, tmp_path).take(await Place(source, tmp_path).export())

    async with target.write() as session:
        version = (await session.scalars(select(Version).limit(1))).one()
        columns = {each.name: getattr(version, each.name) for each in Version.__table__.columns}
        new = Version(**columns | {"id": None, "version": "9.9.9"})
        session.add(new)
        await session.flush()
        assert new.id == 5_000_001


async def test_images_of_uploads_keep_their_rows(source: Database, target: Database, tmp_path: Path) -> None:
    async with source.write() as session:
        await fill(session)
        await session.execute(update(ContainerImage).values(archive_path="/old/uploads/a.tar"))
    await Place(target, tmp_path).take(await Place(source, tmp_path).export())

    async with target.read() as session:
        paths = set(await session.scalars(select(ContainerImage.archive_path)))
    assert paths == {str(tmp_path / "uploads" / "a.tar")}
