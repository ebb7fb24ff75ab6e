"""What is repeated is told once in a while, and never more than some at a time."""

import asyncio

import pytest

from modelyard.core.database import Database
from modelyard.domain.audit import refusals
from modelyard.domain.audit.downloads import Downloads
from modelyard.domain.audit.record import Outsider
from modelyard.domain.audit.refusals import LEFT_OUT, MOST_OF_ONE_PERSON, MOST_OF_ONE_STRANGER, Refusals
from modelyard.domain.audit.repeats import Repeats
from tests.domain.audit.trails import ADA, events
from tests.manual_clock import ManualClock
from tests.stores import Store

TEN_MINUTES = 600.0
STRANGER = Outsider("anonymous")


async def test_once_in_ten_minutes(clock: ManualClock) -> None:
    repeats = Repeats(clock, most=10, forgets_when_full=True)

    assert [repeats.is_due("a"), repeats.is_due("a"), repeats.is_due("b")] == [True, False, True]
    await clock.advance(TEN_MINUTES - 1)
    assert not repeats.is_due("a")
    await clock.advance(1)
    assert repeats.is_due("a")


async def test_what_was_not_told_is_due_again(clock: ManualClock) -> None:
    repeats = Repeats(clock, most=10, forgets_when_full=True)
    repeats.is_due("a")
    repeats.was_not_told("a")
    repeats.was_not_told("b")

    assert repeats.is_due("a")


@pytest.mark.parametrize(("forgets", "third", "first_again"), [(True, True, True), (False, False, False)])
async def test_when_full(clock: ManualClock, forgets: bool, third: bool, first_again: bool) -> None:
    repeats = Repeats(clock, most=2, forgets_when_full=forgets)
    repeats.is_due("a")
    repeats.is_due("b")

    assert repeats.is_due("c") is third
    assert repeats.is_due("a") is first_again
    await clock.advance(TEN_MINUTES)
    assert repeats.is_due("d")


async def test_a_download_is_told_for_each_thing_and_key(database: Database, clock: ManualClock) -> None:
    downloads = Downloads(database, clock)
    other = Outsider("bob@example.org", "account-acme", "user-bob", "bobprefix")
    for _ in range(3):
        await downloads.tell(ADA, "job-1")
        await downloads.tell(ADA, "job-1", item="one")
        await downloads.tell(ADA, "job-1", item="one", output="results.json")
        await downloads.tell(other, "job-1")

    rows = await events(database)
    assert {(row.action, row.target) for row in rows} == {("results:downloaded", "job/job-1")}
    assert [(row.actor, row.details) for row in rows] == [
        ("ada@example.org", {}),
        ("ada@example.org", {"item": "one"}),
        ("ada@example.org", {"item": "one", "output": "results.json"}),
        ("bob@example.org", {}),
    ]


async def test_many_clients_that_poll_at_once_leave_one_row(database: Database, clock: ManualClock) -> None:
    downloads = Downloads(database, clock)
    await asyncio.gather(*(downloads.tell(ADA, "job-1") for _ in range(20)))

    assert len(await events(database)) == 1


async def test_a_download_that_cannot_be_told_is_told_the_next_time(
    database: Database, clock: ManualClock, store: Store, database_address: str
) -> None:
    downloads = Downloads(database, clock)
    store.tamper(database_address, "ALTER TABLE audit_events RENAME TO away")
    with pytest.raises(Exception, match=r"no such table|does not exist"):
        await downloads.tell(ADA, "job-1")
    store.tamper(database_address, "ALTER TABLE away RENAME TO audit_events")
    await downloads.tell(ADA, "job-1")

    assert len(await events(database)) == 1


async def _refuse(told: Refusals, address: str = "192.0.2.1", subject: Outsider = STRANGER, path: str = "/a") -> None:
    await told.tell(subject, address, method="GET", path=path, status=401, reason="No.")


async def test_a_refusal_says_what_was_refused_and_why(database: Database, clock: ManualClock) -> None:
    await _refuse(Refusals(database, clock))

    (row,) = await events(database)
    assert (row.actor, row.action, row.target) == ("anonymous", "access:refused", "address/192.0.2.1")
    assert row.details == {"status": 401, "method": "GET", "path": "/a", "reason": "No."}


async def test_refusals_of_one_caller_are_told_once_for_each_path(database: Database, clock: ManualClock) -> None:
    told = Refusals(database, clock)
    for _ in range(3):
        await _refuse(told)
        await _refuse(told, path="/b")
        await _refuse(told, address="192.0.2.2")
        await _refuse(told, subject=ADA)

    assert len(await events(database)) == 4


async def test_an_owner_of_many_addresses_is_one_caller(database: Database, clock: ManualClock) -> None:
    told = Refusals(database, clock)
    for number in range(5):
        await _refuse(told, address=f"2001:db8:1:2::{number}")
    await _refuse(told, address="2001:db8:1:3::1")
    await _refuse(told, address="")

    assert len(await events(database)) == 3


async def test_a_flood_of_strangers_is_bounded_and_hides_no_person(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST_OF_STRANGERS", 5)
    told = Refusals(database, clock)
    for number in range(20):
        await _refuse(told, address=f"192.0.2.{number}")
    await _refuse(told, address="192.0.2.99", subject=ADA)

    rows = await events(database)
    assert [row.actor for row in rows] == ["anonymous"] * 5 + ["ada@example.org"]


@pytest.mark.parametrize(("subject", "most"), [(ADA, MOST_OF_ONE_PERSON), (STRANGER, MOST_OF_ONE_STRANGER)])
async def test_what_is_left_out_of_one_caller_is_counted(
    database: Database, clock: ManualClock, subject: Outsider, most: int
) -> None:
    told = Refusals(database, clock)
    for number in range(most + 3):
        await _refuse(told, subject=subject, path=f"/models/{number}")
    await _refuse(told, subject=subject, path="/models/0")
    await told.tell_of_left_out()
    during = len(await events(database))
    since = clock.now()
    await clock.advance(TEN_MINUTES)
    await told.tell_of_left_out()
    await told.tell_of_left_out()

    rows = await events(database)
    assert (during, len(rows)) == (most, most + 1)
    assert (rows[-1].actor, rows[-1].user_id) == (subject.label, subject.user_id)
    assert (rows[-1].action, rows[-1].target) == (LEFT_OUT, "address/192.0.2.1")
    assert rows[-1].details == {"refusals": 4, "since": since.isoformat(timespec="milliseconds")}
    await _refuse(told, subject=subject)
    assert len(await events(database)) == most + 2


async def test_who_hides_behind_many_addresses_is_counted_with_the_others(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST_CALLERS", 3)
    told = Refusals(database, clock)
    for number in range(40):
        await _refuse(told, address=f"192.0.2.{number}")
    await clock.advance(TEN_MINUTES)
    await told.tell_of_left_out()

    rows = await events(database)
    assert [(row.target, row.details["refusals"]) for row in rows if row.action == LEFT_OUT] == [
        ("address/others", 37 - MOST_OF_ONE_STRANGER)
    ]


async def test_a_refusal_that_cannot_be_told_is_a_refusal_all_the_same(
    database: Database, clock: ManualClock, store: Store, database_address: str
) -> None:
    store.tamper(database_address, "ALTER TABLE audit_events RENAME TO away")

    await _refuse(Refusals(database, clock))
