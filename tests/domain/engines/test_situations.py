"""Why the jobs of a version wait."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.engines import situations
from modelyard.domain.engines.health import HealthRecord
from modelyard.domain.engines.situations import (
    Reason,
    SituationBoard,
    forget_situations,
    lacks_licence,
    read_situations,
    reason_to_wait,
)
from modelyard.domain.engines.tables import Situation
from modelyard.domain.engines.wanted import Demand, balance
from tests.manual_clock import ManualClock

WAITING = Demand(open_items=3, minimum=0, maximum=2, account="a", licence=1)


def _text(
    record: HealthRecord,
    demand: Demand = WAITING,
    *,
    ready: int = 0,
    starting: int = 0,
    fetching: int = 0,
    lacks: bool = False,
) -> str:
    found = reason_to_wait(
        demand, record, ready=ready, starting=starting, fetching=fetching, lacks_licence=lacks, now=100.0
    )
    return found.text if found else ""


def test_nothing_is_in_the_way() -> None:
    assert _text(HealthRecord(), ready=1) == ""
    assert _text(HealthRecord(), Demand(0, 0, 2)) == ""


@pytest.mark.parametrize(
    ("record", "options", "words"),
    [
        (HealthRecord(), {"starting": 1}, ["no engine is ready yet"]),
        (HealthRecord(), {"starting": 1, "fetching": 1}, ["the image is being brought to the machine"]),
        (HealthRecord(), {"lacks": True}, ["all 1 engines", "licence"]),
        (HealthRecord(failures=1, reason="It is too small.", not_before=104.0), {}, ["It is too small.", "in 4 s"]),
        (
            HealthRecord(deaths=6, is_quarantined=True, reason="exit code 3", not_before=160.0),
            {},
            ["died 6 times in a row", "in 60 s", "exit code 3"],
        ),
        (HealthRecord(), {"demand": Demand(3, 0, 0)}, ["maximum of engines is 0"]),
    ],
)
def test_what_is_in_the_way(record: HealthRecord, options: dict[str, object], words: Sequence[str]) -> None:
    text = _text(record, **options)  # type: ignore[arg-type]

    assert all(word in text for word in words), text


def test_the_licence_is_what_lacks() -> None:
    demands = {1: Demand(1, 0, 1, account="a", licence=1), 2: Demand(1, 0, 1, account="a", licence=1)}
    plan = balance(demands, {1: 1})

    assert lacks_licence(2, demands[2], plan)
    assert not lacks_licence(2, Demand(1, 0, 1), plan)


async def test_what_changes_is_written_and_what_is_over_goes(database: Database, clock: ManualClock) -> None:
    board = SituationBoard(database, clock)
    await board.show({1: Reason("The next one starts in 4 s."), 2: Reason("it died", is_quarantine=True)})
    await board.show({1: Reason("The next one starts in 3 s.")})
    async with database.read() as session:
        rows = await read_situations(session)
    assert [(row.version_id, row.is_quarantine) for row in rows.values()] == [(1, False)]

    await board.show({})
    async with database.read() as session:
        assert (await session.scalars(select(Situation))).all() == []


async def _shown(database: Database) -> dict[int, str]:
    async with database.read() as session:
        return {version_id: row.reason for version_id, row in (await read_situations(session)).items()}


async def test_each_of_two_servers_says_its_own(database: Database, clock: ManualClock) -> None:
    one, other = SituationBoard(database, clock), SituationBoard(database, clock)
    await one.show({})
    await other.show({})
    await one.show({1: Reason("of the one"), 2: Reason("of the one")})
    await other.show({2: Reason("newer"), 3: Reason("of the other")})
    assert await _shown(database) == {1: "of the one", 2: "newer", 3: "of the other"}

    await other.show({})
    assert await _shown(database) == {1: "of the one"}


async def test_what_a_dead_server_said_goes(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(situations, "SECONDS_BETWEEN_LOOKS", 0)
    dead, alive = SituationBoard(database, clock), SituationBoard(database, clock)
    await alive.show({1: Reason("of the living")})
    await dead.show({1: Reason("of the dead"), 2: Reason("of the dead")})
    async with database.write() as session:
        await forget_situations(session)
    await alive.show({1: Reason("of the living")})

    assert await _shown(database) == {1: "of the living"}
