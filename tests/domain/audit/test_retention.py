"""Events that were kept long enough go, in the order of the chain, and the trail tells so."""

import asyncio

import pytest

from modelyard.core.database import Database
from modelyard.domain.audit import retention
from modelyard.domain.audit.retention import EXPIRED, AuditRetention
from modelyard.domain.audit.tables import AuditChain
from modelyard.domain.audit.verify import Sound, verify_trail
from tests.domain.audit.trails import events, tell
from tests.manual_clock import ManualClock

DAY = 86_400.0


async def test_old_events_go_and_the_trail_stays_sound(database: Database, clock: ManualClock) -> None:
    await tell(database, clock, "a:old", "b:old")
    await clock.advance(10 * DAY)
    await tell(database, clock, "c:young")
    old = await events(database)
    await clock.advance(25 * DAY)

    assert await AuditRetention(database, clock, 30).remove_some() == 2

    rows = await events(database)
    assert [(row.id, row.action, row.actor) for row in rows] == [
        (3, "c:young", "ada@example.org"),
        (4, EXPIRED, "platform"),
    ]
    assert rows[-1].details == {"events": 2, "through": 2, "hash": old[1].hash, "days": 30}
    assert rows[0].previous_hash == old[1].hash
    async with database.read() as session:
        head = await session.get_one(AuditChain, 1)
    assert (head.anchor_id, head.anchor_hash, head.last_id) == (2, old[1].hash, 4)
    assert isinstance(await verify_trail(database), Sound)


async def test_nothing_to_remove_leaves_no_word(database: Database, clock: ManualClock) -> None:
    tidy = AuditRetention(database, clock, 30)
    assert await tidy.remove_some() == 0  # there is no trail yet
    await tell(database, clock, "a:young")

    assert await tidy.remove_some() == 0
    assert len(await events(database)) == 1


async def test_everything_can_expire(database: Database, clock: ManualClock) -> None:
    await tell(database, clock, "a:old", "b:old")
    await clock.advance(31 * DAY)

    assert await AuditRetention(database, clock, 30).remove_some() == 2
    assert [row.action for row in await events(database)] == [EXPIRED]
    assert isinstance(await verify_trail(database), Sound)


async def test_many_go_some_at_a_time(database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 4)
    await tell(database, clock, *["a:old"] * 10)
    await clock.advance(31 * DAY)
    tidy = AuditRetention(database, clock, 30)

    assert [await tidy.remove_some() for _ in range(4)] == [4, 4, 2, 0]
    assert [row.action for row in await events(database)] == [EXPIRED] * 3
    assert isinstance(await verify_trail(database), Sound)


async def test_an_old_event_behind_a_younger_one_waits(database: Database, clock: ManualClock) -> None:
    """The clock was set back in between."""
    await tell(database, clock, "a:young")
    await clock.advance(-60 * DAY)
    await tell(database, clock, "b:old")
    await clock.advance(60 * DAY)

    assert await AuditRetention(database, clock, 30).remove_some() == 0


@pytest.mark.parametrize(("days", "left"), [(0, ["a:old"]), (30, [EXPIRED])])
async def test_it_looks_every_day(database: Database, clock: ManualClock, days: int, left: list[str]) -> None:
    running = asyncio.create_task(AuditRetention(database, clock, days).run())
    await _sleeps(clock, 1)
    await tell(database, clock, "a:old")
    await clock.advance(31 * DAY)
    await _sleeps(clock, 2)
    running.cancel()

    assert [row.action for row in await events(database)] == left


async def _sleeps(clock: ManualClock, times: int) -> None:
    async with asyncio.timeout(5):
        while len(clock.slept) < times:  # noqa: ASYNC110 - the clock tells nobody
            await asyncio.sleep(0.001)
