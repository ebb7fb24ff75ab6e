"""Claims: every item is done once visibly, whoever dies, and a job's counts are those of its items."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, func, select

from modelyard.core.database import Database
from modelyard.domain.jobs.claims import fail_open_items, give_back_items, put_back_items, release_items
from modelyard.domain.jobs.demand import read_demand
from modelyard.domain.jobs.ending import cancel_job
from modelyard.domain.jobs.pace import Pace
from modelyard.domain.jobs.status import MOST_ATTEMPTS, MOST_INTERRUPTIONS, ItemState
from modelyard.domain.jobs.tables import ItemOutput, JobItem
from tests.cast import CAST
from tests.domain.jobs.steps import claim, counts, finish, item_states, read_job_row, submit
from tests.library import add_active
from tests.manual_clock import ManualClock


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_active(database, CAST.alice)


async def _outputs(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(ItemOutput)) or 0


async def test_items_come_in_order_and_the_job_starts(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=3)).job
    await clock.advance(1)
    claimed = await claim(database, clock, most=2)

    assert claimed is not None
    assert [item.attempts for item in claimed.items] == [1, 1]
    assert await item_states(database, job.id) == ["running", "running", "queued"]
    row = await read_job_row(database, job.id)
    assert (row.status, row.started_at) == ("IN_PROGRESS", clock.now())


async def test_nothing_to_claim(database: Database, clock: ManualClock, model_id: str) -> None:
    assert await claim(database, clock) is None
    await submit(database, clock, model_id)
    assert await claim(database, clock, version_id=999) is None


async def test_engines_never_get_the_same_item(database: Database, clock: ManualClock, model_id: str) -> None:
    await submit(database, clock, model_id, number=20)
    other = Database(str(database.engine.url))

    async def claim_all(source: Database) -> list[int]:
        ids: list[int] = []
        while claimed := await claim(source, clock, most=3):
            ids += [item.id for item in claimed.items]
        return ids

    found = await asyncio.gather(*(claim_all(source) for source in (database, other, database)))

    assert set(Counter(item for ids in found for item in ids).values()) == {1}
    assert sum(map(len, found)) == 20
    await other.close()


async def test_last_outcome_completes_the_job(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=3)).job
    await clock.advance(2)
    claimed = await claim(database, clock, most=2)
    assert claimed is not None
    await finish(database, clock, claimed, None, "it broke")
    halfway = await counts(database, job.id)
    last = await claim(database, clock)
    assert last is not None
    await finish(database, clock, last)

    row = await read_job_row(database, job.id)
    assert halfway == ("IN_PROGRESS", 1, 1)
    assert (row.status, row.completed, row.failed, row.finished_at) == ("COMPLETED", 2, 1, clock.now())
    assert (row.total_queue_ms, row.total_latency_ms) == (6000, 30)
    assert await _outputs(database) == 2


async def test_outcome_counts_once(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=2)).job
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)
    await finish(database, clock, claimed, "too late")

    assert await counts(database, job.id) == ("IN_PROGRESS", 1, 0)
    assert await _outputs(database) == 1


async def test_cancel_while_running_drops_the_outcome(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=2)).job
    claimed = await claim(database, clock)
    assert claimed is not None
    async with database.write() as session:
        await cancel_job(session, clock, CAST.alice, job.id)
    await finish(database, clock, claimed)

    assert await counts(database, job.id) == ("CANCELED", 0, 0)
    assert await item_states(database, job.id) == ["canceled", "canceled"]
    assert await _outputs(database) == 0
    assert await claim(database, clock) is None


async def test_outcome_of_somebody_who_lost_the_item_is_dropped(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    job = (await submit(database, clock, model_id, number=1)).job
    lost = await claim(database, clock, owner="dead")
    assert lost is not None
    async with database.write() as session:
        assert await release_items(session, clock, except_owner="new") == 1
    taken = await claim(database, clock, owner="new")
    assert taken is not None
    await finish(database, clock, lost, "from the dead")
    assert await counts(database, job.id) == ("IN_PROGRESS", 0, 0)
    await finish(database, clock, taken)

    assert await counts(database, job.id) == ("COMPLETED", 1, 0)


async def test_restart_does_not_count_as_an_attempt(database: Database, clock: ManualClock, model_id: str) -> None:
    await submit(database, clock, model_id, number=1)
    for number in range(MOST_ATTEMPTS + 2):
        claimed = await claim(database, clock, owner=f"process {number}")
        assert claimed is not None
        assert claimed.items[0].attempts == 1
        async with database.write() as session:
            await release_items(session, clock, except_owner="next")


async def test_item_that_ends_our_own_process_is_given_up(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    job = (await submit(database, clock, model_id, number=1)).job
    for number in range(MOST_INTERRUPTIONS):
        assert await claim(database, clock, owner=f"process {number}") is not None
        async with database.write() as session:
            await release_items(session, clock, except_owner="next")

    assert await claim(database, clock) is None
    assert await counts(database, job.id) == ("COMPLETED", 0, 1)


async def test_items_of_others_are_left_alone(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=2)).job
    for owner in ("here/1", "elsewhere/1"):
        assert await claim(database, clock, owner=owner)
    async with database.write() as session:
        assert await release_items(session, clock, except_owner="here/2", owners="here/") == 1

    assert sorted(await item_states(database, job.id)) == [ItemState.QUEUED, ItemState.RUNNING]


async def test_own_items_are_not_released(database: Database, clock: ManualClock, model_id: str) -> None:
    await submit(database, clock, model_id, number=1)
    await claim(database, clock, owner="one")
    async with database.write() as session:
        assert await release_items(session, clock, except_owner="one") == 0


async def test_item_that_kills_engines_is_tried_alone_and_then_given_up(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    job = (await submit(database, clock, model_id, number=3)).job
    sizes = []
    for _ in range(MOST_ATTEMPTS):
        claimed = await claim(database, clock, most=3)
        assert claimed is not None
        sizes.append(len(claimed.items))
        async with database.write() as session:
            await put_back_items(session, clock, claimed, claimed.items, "the engine died")
    states = await item_states(database, job.id)

    assert sizes == [3, 1, 1]
    assert states == ["failed", "queued", "queued"]
    assert await counts(database, job.id) == ("IN_PROGRESS", 0, 1)


async def test_items_given_back_were_never_claimed(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=2)).job
    claimed = await claim(database, clock, most=2)
    assert claimed is not None
    async with database.write() as session:
        await give_back_items(session, claimed, claimed.items)

    assert await item_states(database, job.id) == ["queued", "queued"]
    async with database.read() as session:
        assert set(await session.scalars(select(JobItem.attempts))) == {0}


async def test_waiting_items_of_a_hopeless_version_get_the_reason(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    jobs = [(await submit(database, clock, model_id, number=number)).job for number in (2, 3)]
    running = await claim(database, clock)
    assert running is not None
    async with database.write() as session:
        assert await fail_open_items(session, clock, 1, "no engine") == 4

    assert await counts(database, jobs[0].id) == ("IN_PROGRESS", 0, 1)
    assert await counts(database, jobs[1].id) == ("COMPLETED", 0, 3)
    await finish(database, clock, running)
    assert await counts(database, jobs[0].id) == ("COMPLETED", 1, 1)


async def test_urgent_items_come_first(database: Database, clock: ManualClock, model_id: str) -> None:
    await submit(database, clock, model_id, number=1)
    urgent = (await submit(database, clock, model_id, number=1, actor=replace(CAST.alice, is_high_priority=True))).job
    claimed = await claim(database, clock)

    assert claimed is not None
    assert claimed.items[0].job_id == urgent.id


@pytest.mark.sqlite  # it reads SQLite's plan
async def test_claims_and_demand_read_open_items_only(database: Database, clock: ManualClock, model_id: str) -> None:
    """Whatever else the tables hold: after months that is millions of finished items."""
    statements: list[tuple[str, Any]] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
    await submit(database, clock, model_id)
    statements.clear()
    await claim(database, clock)
    async with database.read() as session:
        await read_demand(session, [], pace=Pace())
        looks = [call for call in statements if call[0].startswith("SELECT") and "job_items" in call[0]]
        connection = await session.connection()
        plans = [await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in looks]

    assert plans
    for plan in plans:
        steps = list(plan.scalars("detail"))
        assert any("ix_job_items_state_lane_id_id (state=" in step for step in steps)
        assert not any("ORDER BY" in step for step in steps)
