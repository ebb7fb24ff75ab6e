"""Rows of all tables, from each database to each other."""

from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from modelyard.core.database import Base, Database
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.audit.verify import Sound, verify_trail
from modelyard.domain.transfer.installation_errors import RowRefused
from modelyard.domain.transfer.installation_rows import require_empty
from modelyard.domain.transfer.installation_tables import LEFT_BEHIND
from modelyard.domain.transfer.installation_values import codec_of
from modelyard.domain.work.tables import Work
from tests.domain.transfer.archives import Members, changed
from tests.domain.transfer.every_row import UNCHAINED, dump, fill
from tests.domain.transfer.moving import Place


async def test_every_row_arrives_as_it_was(source: Database, target: Database, tmp_path: Path) -> None:
    async with source.write() as session:
        await fill(session)
    file = await Place(source, tmp_path).export()
    async with source.read() as session:
        before = await dump(session)

    await Place(target, tmp_path).take(file)

    async with target.read() as session:
        after = await dump(session)
        last = (await session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))).one()
    assert after["container_images"][0].pop("archive_path") == str(tmp_path / "uploads" / "gone.tar")
    before["container_images"][0].pop("archive_path")
    for lane in before["job_lanes"]:
        lane["is_waiting"] = True
    for name in before.keys() - UNCHAINED:
        assert after[name] == before[name], name
        assert after[name] or name in LEFT_BEHIND, name
    assert last.action == "installation:imported"
    assert last.details["rows"] == sum(map(len, before.values()))
    verdict = await verify_trail(target)
    assert isinstance(verdict, Sound)
    assert verdict.rows == len(before["audit_events"]) + 1


async def test_new_rows_get_numbers_of_their_own(source: Database, target: Database, tmp_path: Path) -> None:
    async with source.write() as session:
        await fill(session)
    await Place(target, tmp_path).take(await Place(source, tmp_path).export())

    async with target.write() as session:
        known = set(await session.scalars(select(Work.id)))
        old = (await session.scalars(select(Work).limit(1))).one()
        new = Work(kind="new", payload={}, state="queued", run_at=old.run_at, attempts=0, max_attempts=1)
        new.created_at = old.created_at
        session.add(new)
        await session.flush()

    assert new.id > max(known)


async def test_no_table_is_forgotten(source: Database) -> None:
    async with source.engine.connect() as connection:
        names = set(await connection.run_sync(lambda made: inspect(made).get_table_names()))
    made_by_search = {name for name in names if name.startswith("search_texts")}

    assert names - made_by_search - {"alembic_version"} == set(Base.metadata.tables)


def test_every_kind_of_column_can_be_written() -> None:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            assert codec_of(column)


async def test_what_a_database_cannot_hold_is_refused_by_its_row(
    source: Database, target: Database, tmp_path: Path
) -> None:
    async with source.write() as session:
        await fill(session)

    def lengthen(members: Members) -> None:
        members["tables/users.jsonl"] = members["tables/users.jsonl"].replace(b"users.email", b"x" * 400, 1)

    file = changed(await Place(source, tmp_path).export(), lengthen)

    if target.is_sqlite:  # which takes texts of any length
        await Place(target, tmp_path).take(file)
        return
    with pytest.raises(RowRefused, match=r"Row 1 of the table users.*longer than the database can store"):
        await Place(target, tmp_path).take(file)
    async with target.read() as session:
        await require_empty(session)
