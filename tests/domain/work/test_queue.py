"""The queue: everything is done once, by somebody who is alive."""

import asyncio
from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.work import queue
from modelyard.domain.work.queue import ClaimedWork
from modelyard.domain.work.tables import Work, WorkState
from tests.manual_clock import ManualClock


async def _enqueue(database: Database, clock: ManualClock, *kinds: str, max_attempts: int = 5) -> None:
    async with database.write() as session:
        for kind in kinds:
            queue.enqueue(session, clock, kind, {"kind": kind}, max_attempts=max_attempts)


async def _claim(database: Database, clock: ManualClock, owner: str = "one") -> ClaimedWork | None:
    async with database.write(beside_others=True) as session:
        return await queue.claim(session, clock, owner)


async def _states(database: Database) -> dict[str, str]:
    async with database.read() as session:
        return {row.kind: row.state for row in await session.scalars(select(Work))}


async def test_oldest_work_comes_first(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, "first")
    await clock.advance(1)
    await _enqueue(database, clock, "second")

    claimed = [await _claim(database, clock) for _ in range(3)]

    assert [work.kind if work else None for work in claimed] == ["first", "second", None]
    assert claimed[0] is not None
    assert (claimed[0].attempt, claimed[0].payload) == (1, {"kind": "first"})


async def test_each_is_claimed_once_by_many(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, *(f"work {number}" for number in range(20)))
    other = Database(str(database.engine.url))

    async def claim_all(source: Database, owner: str) -> list[str]:
        found = []
        while work := await _claim(source, clock, owner):
            found.append(work.kind)
        return found

    owners = [(source, f"owner {number}") for number in range(3) for source in (database, other)]
    claimed = await asyncio.gather(*(claim_all(*owner) for owner in owners))

    assert Counter(kind for kinds in claimed for kind in kinds) == Counter(f"work {number}" for number in range(20))
    await other.close()


async def test_finished_work_is_over(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, "good", "bad")
    for error in (None, "it broke"):
        work = await _claim(database, clock)
        assert work is not None
        async with database.write() as session:
            assert await queue.finish(session, clock, work, "one", error)

    assert await _states(database) == {"good": WorkState.DONE, "bad": WorkState.FAILED}
    assert await _claim(database, clock) is None


async def test_failed_attempt_waits_before_the_next(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, "shaky", max_attempts=2)
    work = await _claim(database, clock)
    assert work is not None
    assert not work.is_last_attempt
    async with database.write() as session:
        await queue.put_back(session, clock, work, "one", "away", delay=timedelta(seconds=1), counts=True)
        assert await queue.seconds_until_due(session, clock) == 1
    assert await _claim(database, clock) is None

    await clock.advance(1)
    again = await _claim(database, clock)

    assert again is not None
    assert again.attempt == 2
    assert again.is_last_attempt


async def test_work_does_not_wait_for_a_clock_that_was_set_back(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, "stranded")
    earlier = ManualClock(clock.now() - timedelta(hours=5))
    async with database.read() as session:
        assert await queue.seconds_until_due(session, earlier) == 0

    assert await _claim(database, earlier) is not None


async def test_work_of_a_silent_owner_goes_to_another(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, "long")
    work = await _claim(database, clock, "silent")
    assert work is not None
    await clock.advance(29)
    async with database.write() as session:
        assert await queue.release_lost(session, clock, silent_for=timedelta(seconds=30)) == 0
    await clock.advance(1)
    async with database.write() as session:
        assert await queue.release_lost(session, clock, silent_for=timedelta(seconds=30)) == 1

    taken = await _claim(database, clock, "other")

    assert taken is not None
    assert taken.attempt == 2
    async with database.write() as session:
        assert not await queue.finish(session, clock, work, "silent", None)
    assert await _states(database) == {"long": WorkState.RUNNING}


async def test_heartbeat_keeps_only_what_is_worked_on(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, "alive", "dropped")
    alive, _ = await _claim(database, clock), await _claim(database, clock)
    assert alive is not None
    await clock.advance(30)
    async with database.write() as session:
        await queue.keep_alive(session, clock, "one", [alive.id])
        assert await queue.release_lost(session, clock, silent_for=timedelta(seconds=30)) == 1

    assert await _states(database) == {"alive": WorkState.RUNNING, "dropped": WorkState.QUEUED}


async def test_work_of_others_is_left_alone(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, "ours", "theirs")
    for owner in ("here/1", "elsewhere/1"):
        assert await _claim(database, clock, owner)
    async with database.write() as session:
        assert await queue.release_lost(session, clock, silent_for=None, owners="here/") == 1

    assert await _states(database) == {"ours": WorkState.QUEUED, "theirs": WorkState.RUNNING}


async def test_finished_work_is_forgotten_in_time(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, "done", "waiting")
    work = await _claim(database, clock)
    assert work is not None
    async with database.write() as session:
        await queue.finish(session, clock, work, "one", None)
    for days, left in ((7, {"done", "waiting"}), (1, {"waiting"})):
        await clock.advance(days * 86_400)
        async with database.write() as session:
            await queue.forget_finished(session, clock, older_than=timedelta(days=7))

        assert set(await _states(database)) == left


async def test_enqueued_work_rings_when_it_is_committed(database: Database, clock: ManualClock) -> None:
    bell = database.bells.listen(queue.TOPIC)
    await _enqueue(database, clock, "work")

    assert await bell.wait(0.01)


async def test_a_worker_takes_only_what_it_knows(database: Database, clock: ManualClock) -> None:
    await _enqueue(database, clock, "theirs", "ours")

    async with database.write() as session:
        assert await queue.seconds_until_due(session, clock, ["nobody's"]) is None
        assert await queue.seconds_until_due(session, clock, ["ours"]) == 0
        claimed = await queue.claim(session, clock, "one", ["ours"])
        assert claimed is not None
        assert claimed.kind == "ours"
        assert await queue.claim(session, clock, "one", ["ours"]) is None
        assert await queue.release_lost(session, clock, silent_for=None, kinds=["theirs"]) == 0
        assert await queue.release_lost(session, clock, silent_for=None, kinds=["ours"]) == 1
