"""What an engine prints is read at another process, through the database."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from modelyard.core.database import Base, Database
from modelyard.core.errors import Unavailable
from modelyard.domain.engines import distant_logs
from modelyard.domain.engines.distant_logs import (
    CHARACTERS_OF_A_PIECE,
    EngineElsewhere,
    LogAnswers,
    read_distant_log,
)
from modelyard.domain.engines.tables import Engine, EngineState, LogPiece, LogRequest, Purpose
from modelyard.domain.work.processes import ENGINES
from modelyard.domain.work.tables import Process
from tests.cast import CAST
from tests.library import add_active, read_version_row
from tests.manual_clock import ManualClock

OWNER = "two/process"


class Output:
    """What the engine prints: lines that are there, and more when they come."""

    def __init__(self, *lines: str) -> None:
        self.there = list(lines)
        self.more: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        self.readers = 0

    async def read(self, engine: Engine, *, lines: int, follow: bool) -> AsyncIterator[str]:
        """As a process reads it."""
        assert engine.name == "engine"
        for line in self.there[-lines:]:
            yield line
        self.readers += 1
        try:
            while follow and (more := await self.more.get()) is not None:
                if isinstance(more, Exception):
                    raise more
                yield more
        finally:
            self.readers -= 1


@pytest.fixture
async def engine(database: Database, clock: ManualClock) -> Engine:
    """One that another process runs."""
    model_id = await add_active(database, CAST.alice)
    added = Engine(
        id="e" * 36,
        name="engine",
        version_id=(await read_version_row(database, model_id)).id,
        purpose=Purpose.SERVE,
        state=EngineState.READY,
        owner=OWNER,
        created_at=clock.now(),
    )
    async with database.write() as session:
        session.add(added)
        session.add(Process(id=OWNER, host="far", kind=ENGINES, beat=0, started_at=clock.now()))
    return added


@pytest.fixture
async def output(database: Database) -> AsyncIterator[Output]:
    made = Output("one\n", "two\n", "three\n")
    task = asyncio.create_task(LogAnswers(database, lambda: OWNER, made.read).run())
    yield made
    task.cancel()
    await asyncio.wait([task])


async def rows_of(database: Database, table: type[Base]) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def until_nothing_is_left(database: Database, output: Output) -> None:
    async with asyncio.timeout(20):
        # no bell rings for it
        while output.readers or await rows_of(database, LogRequest) or await rows_of(database, LogPiece):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def read_all(database: Database, engine: Engine, lines: int = 100) -> str:
    return "".join([piece async for piece in read_distant_log(database, engine, lines=lines, follow=False)])


async def test_the_last_lines_come(database: Database, engine: Engine, output: Output) -> None:
    assert await read_all(database, engine, 2) == "two\nthree\n"
    await until_nothing_is_left(database, output)


async def test_much_output_comes_whole(database: Database, engine: Engine, output: Output) -> None:
    output.there = ["ä" * 999 + "\n" for _ in range(2000)]
    assert await read_all(database, engine, 2000) == "".join(output.there)
    assert len(output.there) * 1000 > distant_logs.MOST_UNREAD * CHARACTERS_OF_A_PIECE


async def test_output_that_no_database_can_store_comes_all_the_same(
    database: Database, engine: Engine, output: Output
) -> None:
    output.there = ["a\0b\n"]
    assert await read_all(database, engine) == "a\N{REPLACEMENT CHARACTER}b\n"


async def test_it_is_followed_until_the_engine_ends(database: Database, engine: Engine, output: Output) -> None:
    printed = read_distant_log(database, engine, lines=1, follow=True)
    assert await anext(printed) == "three\n"
    output.more.put_nowait("four\n")
    assert await anext(printed) == "four\n"
    output.more.put_nowait(None)
    assert [piece async for piece in printed] == []
    await until_nothing_is_left(database, output)


async def test_whoever_stops_to_read_leaves_nothing(database: Database, engine: Engine, output: Output) -> None:
    printed = read_distant_log(database, engine, lines=1, follow=True)
    await anext(printed)
    assert output.readers == 1
    await printed.aclose()
    await until_nothing_is_left(database, output)


async def test_whoever_dies_while_reading_leaves_nothing(
    database: Database, engine: Engine, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distant_logs, "SECONDS_UNTIL_UNWANTED", 0.5)
    async with database.write() as session:
        session.add(LogRequest(id="dead", engine_id=engine.id, owner=OWNER, lines=9, follow=True, beat=0))
        session.add(LogRequest(id="stray", engine_id=engine.id, owner="gone", lines=9, follow=True, beat=0))
    database.bells.ring(distant_logs.REQUESTS)
    await until_nothing_is_left(database, output)


async def test_why_it_cannot_be_read_is_said(database: Database, engine: Engine, output: Output) -> None:
    output.more.put_nowait(Unavailable("podman is away"))
    printed = read_distant_log(database, engine, lines=1, follow=True)
    assert await anext(printed) == "three\n"
    with pytest.raises(EngineElsewhere, match="podman is away"):
        await anext(printed)


async def test_a_failure_is_not_told_in_detail(database: Database, engine: Engine, output: Output) -> None:
    output.more.put_nowait(ValueError("a secret"))
    printed = read_distant_log(database, engine, lines=1, follow=True)
    await anext(printed)
    with pytest.raises(EngineElsewhere, match="see its log"):
        await anext(printed)


async def test_a_process_that_does_not_answer_is_named(
    database: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distant_logs, "SECONDS_TO_ANSWER", 0.1)
    monkeypatch.setattr(distant_logs, "SECONDS_BETWEEN_BEATS", 0.1)
    with pytest.raises(EngineElsewhere, match="far, which runs it, does not answer"):
        await read_all(database, engine)
    assert await rows_of(database, LogRequest) == 0


async def test_a_process_that_is_gone_is_not_waited_for(database: Database, engine: Engine) -> None:
    async with database.write() as session:
        await session.delete(await session.get_one(Process, OWNER))
    with pytest.raises(EngineElsewhere, match="is away"):
        await read_all(database, engine)
    assert await rows_of(database, LogRequest) == 0
