"""Lanes: teams take turns, and within them users; high priority first; nobody starves; no queued item is forgotten."""

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.jobs.claims import Candidate, take_together
from modelyard.domain.jobs.lanes import MOST_TURNS_PASSED_OVER, WaitingLane, lanes_in_turn, share_out
from modelyard.domain.jobs.tables import JobLane
from tests.cast import CAST
from tests.domain.jobs.steps import claim, finish, submit
from tests.library import add_active, set_scope
from tests.manual_clock import ManualClock


def lane(number: int, team: str, *, priority: int = 1, turn: int = 0) -> WaitingLane:
    return WaitingLane(number, priority, team, turn, 0)


def test_teams_take_turns_and_then_their_users() -> None:
    lanes = [lane(1, "a", turn=5), lane(2, "a", turn=3), lane(3, "b", turn=4)]

    assert [each.id for each in lanes_in_turn(lanes)] == [3, 2, 1]


def test_high_priority_goes_first_until_others_have_waited_enough() -> None:
    late = MOST_TURNS_PASSED_OVER
    normal, urgent = lane(1, "a", turn=0), lane(2, "b", priority=0, turn=late)
    assert [each.id for each in lanes_in_turn([normal, urgent])] == [2, 1]

    assert [each.id for each in lanes_in_turn([normal, replace(urgent, last_turn=late + 1)])] == [1, 2]


def test_teams_get_alike_whatever_the_number_of_their_users() -> None:
    lanes = [lane(number, "many") for number in range(4)] + [lane(9, "one"), lane(10, "low", priority=2)]
    shares = share_out(lanes, 80)

    assert [(each.id, share) for each, share in shares] == [(0, 10), (1, 10), (2, 10), (3, 10), (9, 40), (10, 80)]


def test_suspects_run_alone() -> None:
    innocent = [Candidate(number, 1, is_suspect=False, size=1, explain=False) for number in (1, 2)]
    suspect = Candidate(3, 1, is_suspect=True, size=1, explain=False)

    assert take_together([suspect, *innocent]) == [suspect]
    assert take_together([innocent[0], suspect, innocent[1]]) == innocent
    assert take_together([]) == []


def test_not_more_bytes_than_belong_in_memory() -> None:
    huge = [Candidate(number, 1, is_suspect=False, size=1 << 30, explain=False) for number in (1, 2)]

    assert take_together(huge) == huge[:1]


@pytest.fixture
async def model_id(database: Database) -> str:
    model = await add_active(database, CAST.alice)
    await set_scope(database, model, "TEAM")
    return model


async def test_who_comes_later_waits_for_no_queue(database: Database, clock: ManualClock, model_id: str) -> None:
    long = (await submit(database, clock, model_id, number=50)).job
    for _ in range(3):
        claimed = await claim(database, clock, most=2)
        assert claimed is not None
        await finish(database, clock, claimed)
    short = (await submit(database, clock, model_id, number=3, actor=CAST.bob)).job
    seen: Counter[str] = Counter()
    for _ in range(3):
        claimed = await claim(database, clock, most=2)
        assert claimed is not None
        seen.update(item.job_id for item in claimed.items)

    assert seen == {long.id: 3, short.id: 3}


async def test_single_claims_alternate(database: Database, clock: ManualClock, model_id: str) -> None:
    for actor in (CAST.alice, CAST.bob):
        await submit(database, clock, model_id, number=4, actor=actor)
    order = []
    for _ in range(6):
        claimed = await claim(database, clock)
        assert claimed is not None
        order.append(claimed.items[0].job_id)

    assert len({*order[0:2]}) == len({*order[2:4]}) == len({*order[4:6]}) == 2


async def test_a_lane_waits_exactly_while_it_has_items(database: Database, clock: ManualClock, model_id: str) -> None:
    async def is_waiting() -> bool:
        async with database.read() as session:
            return (await session.scalars(select(JobLane.is_waiting))).one()

    await submit(database, clock, model_id, number=1)
    assert await is_waiting()
    assert await claim(database, clock) is not None
    assert await claim(database, clock) is None
    assert not await is_waiting()
    await submit(database, clock, model_id, number=1)
    assert await is_waiting()
    assert await claim(database, clock) is not None
