"""Verification finds whatever was done to the trail behind our back, and names the first row that is concerned."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from modelyard.core.database import Database
from modelyard.domain.audit import verify
from modelyard.domain.audit.chain import MEMBERS, digest
from modelyard.domain.audit.retention import AuditRetention
from modelyard.domain.audit.tables import AuditChain, AuditEvent
from modelyard.domain.audit.verify import Flaw, Sound, verify_trail
from tests.domain.audit.trails import Trail, bare_database, events, tell
from tests.manual_clock import ManualClock
from tests.stores import Refused, Store

ROWS = 9
COLUMNS = (*MEMBERS, "hash")


@pytest.fixture(scope="module")
def written(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trail]:
    """A trail of nine rows."""

    async def write(address: str) -> None:
        database, clock = await bare_database(address), ManualClock()
        for number in range(3):
            await tell(database, clock, "model:created", "model:changed", "job:submitted", before=number, after=None)
            await clock.advance(1)
        await database.close()

    with store.new(tmp_path_factory.mktemp("written")) as address:
        asyncio.run(write(address))
        yield Trail(store, address)


@pytest.fixture
def trail(written: Trail, tmp_path: Path) -> Iterator[Trail]:
    """A copy that the test may tamper with."""
    with written.store.copy_of(written.address, tmp_path) as copy:
        yield Trail(written.store, copy)


def _verify(address: str) -> Sound | Flaw:
    async def run() -> Sound | Flaw:
        database = Database(address)
        verdict = await verify_trail(database)
        await database.close()
        return verdict

    return asyncio.run(run())


def _flaw(trail: Trail) -> Flaw:
    verdict = _verify(trail.address)
    assert isinstance(verdict, Flaw), verdict
    return verdict


def test_a_trail_that_nobody_touched_is_sound(trail: Trail) -> None:
    verdict = _verify(trail.address)

    assert isinstance(verdict, Sound)
    assert (verdict.rows, verdict.last_id) == (ROWS, ROWS)


def test_an_empty_trail_is_sound(empty: str) -> None:
    async def prepare() -> None:
        await (await bare_database(empty)).close()

    asyncio.run(prepare())
    assert isinstance(_verify(empty), Sound)


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
    written: Trail, tmp_path_factory: pytest.TempPathFactory, row: int, column: str, value: Any
) -> None:
    with written.store.copy_of(written.address, tmp_path_factory.mktemp("altered")) as copy:
        before = asyncio.run(_values(copy))
        trail = Trail(written.store, copy)
        try:
            trail.tamper(f"UPDATE audit_events SET {column} = ? WHERE id = ?", value, row)  # noqa: S608
        except Refused:
            return  # the table itself refuses it
        if asyncio.run(_values(copy)) == before:
            return  # it was that already
        assert _flaw(trail).event_id <= row


async def _values(address: str) -> Any:
    """All values, as everybody reads them; None when they cannot be read."""
    database = Database(address)
    try:
        async with database.read() as session:
            table = AuditEvent.__table__
            return [tuple(row) for row in await session.execute(select(table).order_by(table.c.id))]
    except (ValueError, TypeError):
        return None
    finally:
        await database.close()


@pytest.mark.parametrize("row", range(1, ROWS + 1))
def test_a_removed_row_is_found(trail: Trail, row: int) -> None:
    trail.tamper("DELETE FROM audit_events WHERE id = ?", row)

    flaw = _flaw(trail)
    assert flaw.event_id == row
    assert "was removed" in flaw.problem


@pytest.mark.parametrize("row", range(1, ROWS))
def test_a_row_removed_with_its_number_is_found(trail: Trail, row: int) -> None:
    """The rows behind it are counted down, so that no gap is left."""
    trail.tamper("DELETE FROM audit_events WHERE id = ?", row)
    trail.tamper("UPDATE audit_events SET id = id - 1 WHERE id > ?", row)
    trail.tamper("UPDATE audit_chain SET last_id = last_id - 1")

    assert _flaw(trail).event_id == row


@pytest.mark.parametrize("number", [-5, 0, ROWS + 1, ROWS + 7])
def test_an_inserted_row_is_found(trail: Trail, number: int) -> None:
    trail.tamper(
        "INSERT INTO audit_events (id, at, actor, request_id, action, target, details, previous_hash, hash)"
        " SELECT ?, at, actor, request_id, action, target, details, previous_hash, hash FROM audit_events WHERE id = 9",
        number,
    )

    flaw = _flaw(trail)
    assert flaw.event_id == number
    assert "was inserted" in flaw.problem


def test_the_end_cut_off_is_found(trail: Trail) -> None:
    trail.tamper("DELETE FROM audit_events WHERE id > 6")

    assert _flaw(trail) == Flaw(7, "was removed, and all up to the last, 9")


def test_the_beginning_cut_off_is_found(trail: Trail) -> None:
    trail.tamper("DELETE FROM audit_events WHERE id <= 6")

    assert _flaw(trail) == Flaw(1, "was removed, and all up to 6")


def test_the_beginning_cut_off_with_the_anchor_moved_is_found(trail: Trail) -> None:
    trail.tamper("UPDATE audit_chain SET anchor_id = 6")
    trail.tamper("UPDATE audit_chain SET anchor_hash = (SELECT hash FROM audit_events WHERE id = 6)")
    trail.tamper("DELETE FROM audit_events WHERE id <= 6")

    flaw = _flaw(trail)
    assert flaw.event_id == 6
    assert "kept long enough" in flaw.problem


def test_the_head_removed_is_found(trail: Trail) -> None:
    trail.tamper("DELETE FROM audit_chain")

    assert _flaw(trail).event_id == 1


def test_all_removed_but_the_head_is_found(trail: Trail) -> None:
    trail.tamper("DELETE FROM audit_events")

    assert _flaw(trail).event_id == 1


@pytest.mark.parametrize(("row", "named"), [(1, 1), (5, 5), (ROWS, ROWS)])
async def test_an_alteration_with_a_new_hash_is_found(trail: Trail, row: int, named: int) -> None:
    database = Database(trail.address)
    async with database.write() as session:
        event = await session.get_one(AuditEvent, row)
        event.actor = "somebody@example.org"
        event.hash = digest({name: getattr(event, name) for name in MEMBERS})
    verdict = await verify_trail(database)

    assert isinstance(verdict, Flaw)
    assert verdict.event_id == named
    assert "together with its hash" in verdict.problem
    await database.close()


async def test_two_rows_exchanged_are_found(trail: Trail) -> None:
    for old, new in ((4, 100), (5, 4), (100, 5)):
        trail.tamper("UPDATE audit_events SET id = ? WHERE id = ?", new, old)
    database = Database(trail.address)
    verdict = await verify_trail(database)

    assert isinstance(verdict, Flaw)
    assert verdict.event_id == 4
    await database.close()


@pytest.mark.sqlite  # PostgreSQL takes no JSON that is broken
async def test_a_row_in_any_batch_is_found(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "ROWS_AT_ONCE", 2)
    database = Database(trail.address)
    assert isinstance(await verify_trail(database), Sound)
    trail.tamper("UPDATE audit_events SET details = '{broken' WHERE id = 6")

    assert await verify_trail(database) == Flaw(6, "was altered: it cannot be read")
    await database.close()


async def test_a_trail_that_goes_on_meanwhile_is_sound(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are written, and the oldest ones expire, between two batches."""
    monkeypatch.setattr(verify, "ROWS_AT_ONCE", 2)
    database, clock = Database(trail.address), ManualClock()
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


async def test_the_head_pointing_elsewhere_is_found(trail: Trail) -> None:
    database = Database(trail.address)
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
