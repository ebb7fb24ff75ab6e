"""Inputs on their way to an engine: large ones as files, which are gone afterwards, whatever happens."""

import asyncio
import errno
import stat
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.adapters.container_protocols.fake import FakeProgram
from modelyard.adapters.storage.base import StorageUnavailable
from modelyard.core.database import Database
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.jobs import item_inputs
from modelyard.domain.jobs.spool import Spool
from modelyard.domain.jobs.tables import ItemInput, JobItem
from tests.cast import CAST
from tests.domain.jobs.steps import input_reader, item_states
from tests.domain.jobs.test_run import Pumps
from tests.domain.jobs.upload_steps import Uploader, in_pieces
from tests.library import TEXT_INPUT, add_active
from tests.machine import answer_json
from tests.manual_clock import ManualClock

ALICE = CAST.alice
LIMIT = 100


@pytest.fixture(autouse=True)
def _low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_inputs, "LARGEST_IN_MEMORY", LIMIT)


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    path = tmp_path / "engine" / "exchange"
    path.mkdir(parents=True)
    return path


@pytest.fixture
async def pumps(database: Database) -> AsyncIterator[Pumps]:
    made = Pumps(database)
    task = asyncio.create_task(made.runner.run())
    yield made
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_active(database, ALICE, run_timeout_ms=2000, inputs=[TEXT_INPUT | {"maximumSize": 1_000_000}])


def _start(pumps: Pumps, program: FakeProgram, exchange: Path) -> RunningEngine:
    started = pumps.start(program)
    pumps.router.remove(started)
    started.exchange = exchange
    pumps.router.add(started, now=time.monotonic())
    return started


def _spooled(exchange: Path) -> list[Path]:
    return list((exchange.parent / "spool").glob("*"))


async def _upload(pumps: Pumps, clock: ManualClock, model_id: str, *contents: bytes) -> str:
    alice = Uploader(pumps.database, clock, pumps.blobs, ALICE)
    job_id = await alice.open(model_id)
    for number, content in enumerate(contents):
        middle = len(content) // 2
        for part in (content[:middle], content[middle:]):
            await alice.append(job_id, part, item=str(number))
    await alice.close(job_id)
    return job_id


async def test_chunks_reach_the_engine_as_one_input(
    pumps: Pumps, clock: ManualClock, model_id: str, exchange: Path
) -> None:
    seen: list[int] = []

    def answer(inputs: Mapping[str, bytes]) -> ItemOutcome:
        seen.append(len(_spooled(exchange)))
        return answer_json(inputs)

    contents = [b"small", b"x" * LIMIT, bytes(range(256)) * 10]
    job_id = await _upload(pumps, clock, model_id, *contents)
    program = FakeProgram(answer=answer)
    _start(pumps, program, exchange)

    assert await pumps.until(job_id, "COMPLETED") == ("COMPLETED", 3, 0)
    assert [item["input.txt"] for run in program.runs for item in run] == contents
    assert seen[-1] == 1
    assert _spooled(exchange) == []


async def test_a_run_that_hangs_leaves_no_file(pumps: Pumps, clock: ManualClock, model_id: str, exchange: Path) -> None:
    job_id = await _upload(pumps, clock, model_id, b"x" * (LIMIT + 1))
    _start(pumps, FakeProgram(run_hangs=True), exchange)

    assert await pumps.until(job_id, "COMPLETED") == ("COMPLETED", 0, 1)
    async with asyncio.timeout(10):
        while _spooled(exchange):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_an_end_in_a_run_leaves_no_file(
    database: Database, clock: ManualClock, model_id: str, exchange: Path
) -> None:
    pumps = Pumps(database)
    task = asyncio.create_task(pumps.runner.run())
    job_id = await _upload(pumps, clock, model_id, b"x" * (LIMIT + 1))
    program = FakeProgram(run_seconds=1, answer=answer_json)
    _start(pumps, program, exchange)
    async with asyncio.timeout(10):
        while not program.runs:  # noqa: ASYNC110 - the fake rings no bell
            await asyncio.sleep(0.01)
    assert len(_spooled(exchange)) == 1
    task.cancel()
    await asyncio.wait([task])

    assert await item_states(database, job_id) == ["queued"]
    assert _spooled(exchange) == []


async def test_an_item_without_its_bytes_fails_alone(
    pumps: Pumps, clock: ManualClock, model_id: str, exchange: Path
) -> None:
    large = b"x" * 200_000
    job_id = await _upload(pumps, clock, model_id, large, b"small")
    await pumps.blobs.storage.delete_below(f"inputs/{job_id}")
    _start(pumps, FakeProgram(answer=answer_json), exchange)

    assert await pumps.until(job_id, "COMPLETED") == ("COMPLETED", 1, 1)
    async with pumps.database.read() as session:
        failed = (await session.scalars(select(JobItem).where(JobItem.error.is_not(None)))).one()
    assert (failed.name, failed.error_side) == ("0", "platform")
    assert "'input.txt' is not in the platform's storage" in (failed.error or "")
    assert _spooled(exchange) == []


async def test_a_storage_that_is_away_leaves_no_file(
    pumps: Pumps, clock: ManualClock, model_id: str, exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _upload(pumps, clock, model_id, b"x" * (LIMIT + 1), b"y" * 200_000)
    async with pumps.database.read() as session:
        items = list(await session.scalars(select(ItemInput.item_id).order_by(ItemInput.item_id)))

    def away(key: str, **_: Any) -> AsyncIterator[bytes]:
        raise StorageUnavailable(f"No way to {key}.")

    monkeypatch.setattr(pumps.blobs.storage, "get_stream", away)
    with pytest.raises(StorageUnavailable):
        await input_reader(pumps.database, pumps.blobs).read(items, Spool(exchange))

    assert _spooled(exchange) == []


async def test_files_are_for_any_user_and_their_directory_for_none(exchange: Path) -> None:
    spool = Spool(exchange)
    path = await spool.write(in_pieces(b"a" * 700_000, b"b" * 700_000, b"c"))

    assert path.read_bytes() == b"a" * 700_000 + b"b" * 700_000 + b"c"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await spool.empty()
    assert not path.parent.exists()
    await spool.empty()


async def test_a_full_disk_is_waited_out(exchange: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageUnavailable, match="disk is full"):
        await Spool(exchange).write(pieces())

    assert _spooled(exchange) == []
