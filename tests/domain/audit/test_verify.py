"""Verification finds whatever was done to the trail behind our back, and names the first row that is concerned."""

import asyncio
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from modelyard.core.database import Database, sqlite_url
from modelyard.domain.audit import verify
from modelyard.domain.audit.chain import MEMBERS, digest
from modelyard.domain.audit.retention import AuditRetention
from modelyard.domain.audit.tables import AuditChain, AuditEvent
from modelyard.domain.audit.verify import Flaw, Sound, verify_trail
from tests.domain.audit.trails import bare_database, events, tamper, tell
from tests.manual_clock import ManualClock

ROWS = 9
COLUMNS = (*MEMBERS, "hash")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a trail of nine rows."""
    directory = tmp_path_factory.mktemp("written")

    async def write() -> None:
        database, clock = await bare_database(directory), ManualClock()
        for number in range(3):
            await tell(database, clock, "model:created", "model:changed", "job:submitted", before=number, after=None)
            await clock.advance(1)
        await database.close()

    asyncio.run(write())
    return directory


@pytest.fixture
def directory(written: Path, tmp_path: Path) -> Path:
    """A copy that the test may tamper with."""
    return Path(shutil.copytree(written, tmp_path / "trail"))


def _verify(directory: Path) -> Sound | Flaw:
    async def run() -> Sound | Flaw:
        database = Database(sqlite_url(directory))
        verdict = await verify_trail(database)
        await database.close()
        return verdict

    return asyncio.run(run())


def _flaw(directory: Path) -> Flaw:
    verdict = _verify(directory)
    assert isinstance(verdict, Flaw), verdict
    return verdict


def test_a_trail_that_nobody_touched_is_sound(directory: Path) -> None:
    verdict = _verify(directory)

    assert isinstance(verdict, Sound)
    assert (verdict.rows, verdict.last_id) == (ROWS, ROWS)


def test_an_empty_trail_is_sound(tmp_path: Path) -> None:
    async def prepare() -> None:
        await (await bare_database(tmp_path)).close()

    asyncio.run(prepare())
    assert isinstance(_verify(tmp_path), Sound)


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=70),
    st.binary(max_size=70),
    st.sampled_from(["{}", "[]", "null", '{"before":0}', "2026-01-02 03:04:05.678000", "0" * 64]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(1, ROWS), column=st.sampled_from(COLUMNS), value=VALUES)
def test_any_alteration_of_any_column_is_found(
    written: Path, tmp_path_factory: pytest.TempPathFactory, row: int, column: str, value: Any
) -> None:
    copy = Path(shutil.copytree(written, tmp_path_factory.mktemp("altered"), dirs_exist_ok=True))
    before = asyncio.run(_values(copy))
    try:
        tamper(copy, f"UPDATE audit_events SET {column} = ? WHERE id = ?", value, row)  # noqa: S608
    except sqlite3.IntegrityError:
        return  # the table itself refuses it
    if asyncio.run(_values(copy)) == before:
        return  # it was that already
    assert _flaw(copy).event_id <= row


async def _values(directory: Path) -> Any:
    """All values, as everybody reads them; None when they cannot be read."""
    database = Database(sqlite_url(directory))
    try:
        async with database.read() as session:
            table = AuditEvent.__table__
            return [tuple(row) for row in await session.execute(select(table).order_by(table.c.id))]
    except (ValueError, TypeError):
        return None
    finally:
        await database.close()


@pytest.mark.parametrize("row", range(1, ROWS + 1))
def test_a_removed_row_is_found(directory: Path, row: int) -> None:
    tamper(directory, "DELETE FROM audit_events WHERE id = ?", row)

    flaw = _flaw(directory)
    assert flaw.event_id == row
    assert "was removed" in flaw.problem


@pytest.mark.parametrize("row", range(1, ROWS))
def test_a_row_removed_with_its_number_is_found(directory: Path, row: int) -> None:
    """The rows behind it are counted down, so that no gap is left."""
    tamper(directory, "DELETE FROM audit_events WHERE id = ?", row)
    tamper(directory, "UPDATE audit_events SET id = id - 1 WHERE id > ?", row)
    tamper(directory, "UPDATE audit_chain SET last_id = last_id - 1")

    assert _flaw(directory).event_id == row


@pytest.mark.parametrize("number", [-5, 0, ROWS + 1, ROWS + 7])
def test_an_inserted_row_is_found(directory: Path, number: int) -> None:
    tamper(
        directory,
        "INSERT INTO audit_events (id, at, actor, request_id, action, target, details, previous_hash, hash)"
        " SELECT ?, at, actor, request_id, action, target, details, previous_hash, hash FROM audit_events WHERE id = 9",
        number,
    )

    flaw = _flaw(directory)
    assert flaw.event_id == number
    assert "was inserted" in flaw.problem


def test_the_end_cut_off_is_found(directory: Path) -> None:
    tamper(directory, "DELETE FROM audit_events WHERE id > 6")

    assert _flaw(directory) == Flaw(7, "was removed, and all up to the last, 9")


def test_the_beginning_cut_off_is_found(directory: Path) -> None:
    tamper(directory, "DELETE FROM audit_events WHERE id <= 6")

    assert _flaw(directory) == Flaw(1, "was removed, and all up to 6")


def test_the_beginning_cut_off_with_the_anchor_moved_is_found(directory: Path) -> None:
    tamper(directory, "UPDATE audit_chain SET anchor_id = 6")
    tamper(directory, "UPDATE audit_chain SET anchor_hash = (SELECT hash FROM audit_events WHERE id = 6)")
    tamper(directory, "DELETE FROM audit_events WHERE id <= 6")

    flaw = _flaw(directory)
    assert flaw.event_id == 6
    assert "kept long enough" in flaw.problem


def test_the_head_removed_is_found(directory: Path) -> None:
    tamper(directory, "DELETE FROM audit_chain")

    assert _flaw(directory).event_id == 1


def test_all_removed_but_the_head_is_found(directory: Path) -> None:
    tamper(directory, "DELETE FROM audit_events")

    assert _flaw(directory).event_id == 1


@pytest.mark.parametrize(("row", "named"), [(1, 1), (5, 5), (ROWS, ROWS)])
async def test_an_alteration_with_a_new_hash_is_found(directory: Path, row: int, named: int) -> None:
    database = Database(sqlite_url(directory))
    async with database.write() as session:
        event = await session.get_one(AuditEvent, row)
        event.actor = "somebody@example.org"
        event.hash = digest({name: getattr(event, name) for name in MEMBERS})
    verdict = await verify_trail(database)

    assert isinstance(verdict, Flaw)
    assert verdict.event_id == named
    assert "together with its hash" in verdict.problem
    await database.close()


async def test_two_rows_exchanged_are_found(directory: Path) -> None:
    for old, new in ((4, 100), (5, 4), (100, 5)):
        tamper(directory, "UPDATE audit_events SET id = ? WHERE id = ?", new, old)
    database = Database(sqlite_url(directory))
    verdict = await verify_trail(database)

    assert isinstance(verdict, Flaw)
    assert verdict.event_id == 4
    await database.close()


async def test_a_row_in_any_batch_is_found(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "ROWS_AT_ONCE", 2)
    database = Database(sqlite_url(directory))
    assert isinstance(await verify_trail(database), Sound)
    tamper(directory, "UPDATE audit_events SET details = '{broken' WHERE id = 6")

    assert await verify_trail(database) == Flaw(6, "was altered: it cannot be read")
    await database.close()


async def test_a_trail_that_goes_on_meanwhile_is_sound(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are written, and the oldest ones expire, between two batches."""
    monkeypatch.setattr(verify, "ROWS_AT_ONCE", 2)
    database, clock = Database(sqlite_url(directory)), ManualClock()
    await clock.advance(timedelta(days=1, seconds=1.5).total_seconds())
    retention = AuditRetention(database, clock, 1)
    read = verify._read_rows

    async def and_go_on(*arguments: Any) -> Any:
        rows = await read(*arguments)
        assert not isinstance(rows, Flaw)
        if rows and rows[-1]["id"] == 2:
            assert await retention.remove_some() == 6
            await tell(database, clock, "model:changed")
        return rows

    monkeypatch.setattr(verify, "_read_rows", and_go_on)
    verdict = await verify_trail(database)

    assert isinstance(verdict, Sound), verdict
    assert verdict.last_id == 11
    assert [row.id for row in await events(database)] == [7, 8, 9, 10, 11]
    await database.close()


async def test_the_head_pointing_elsewhere_is_found(directory: Path) -> None:
    database = Database(sqlite_url(directory))
    for column, value in (("last_id", 8), ("last_id", 10), ("last_hash", "f" * 64), ("anchor_hash", "f" * 64)):
        async with database.write() as session:
            head = await session.get_one(AuditChain, 1)
            before = getattr(head, column)
            setattr(head, column, value)
        assert isinstance(await verify_trail(database), Flaw), column
        async with database.write() as session:
            await session.execute(update(AuditChain).values({column: before}))
    assert isinstance(await verify_trail(database), Sound)
    await database.close()
