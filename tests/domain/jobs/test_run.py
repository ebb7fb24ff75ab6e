"""Pumps: items go through engines, and an engine that dies or hangs takes none with it."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from modelyard.adapters.container_protocols.base import ExchangeFull, ItemOutcome, ModelFacts
from modelyard.adapters.container_protocols.fake import FakeProgram
from modelyard.adapters.sources.fake import FakeSources
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.clock import SystemClock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.errors import EngineDied
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.engines.routing import Router
from modelyard.domain.inputs.fetch import Room
from modelyard.domain.jobs import item_inputs, pump
from modelyard.domain.jobs.blobs import LARGEST_IN_ROW, BlobStore
from modelyard.domain.jobs.claims import Claim, claim_items
from modelyard.domain.jobs.ending import cancel_job
from modelyard.domain.jobs.pace import Pace
from modelyard.domain.jobs.run import ItemRunner
from modelyard.domain.jobs.submit import Receipt, Submission
from modelyard.domain.jobs.tables import ItemOutput, JobItem
from tests.cast import CAST
from tests.domain.inference.test_request import engine
from tests.domain.jobs.steps import counts, input_reader, item_states, submit, submitter
from tests.library import JSON_OUTPUT, add_active
from tests.machine import answer_json
from tests.manual_clock import ManualClock
from tests.shaky_database import ShakyDatabase


class Pumps:
    """A runner, and who buries engines for it; `dies` lets their containers be found dead."""

    def __init__(self, database: Database, sources: FakeSources | None = None) -> None:
        self.database = database
        self.router = Router(database.bells)
        self.blobs = BlobStore(memory_storage())
        self.buried: list[str] = []
        self.are_frozen = False
        self._started = 0
        self.pace = Pace()
        self.runner = ItemRunner(
            database,
            SystemClock(),
            self.router,
            self.blobs,
            input_reader(database, self.blobs, sources),
            await_death=self._cause,
            is_frozen=self._is_frozen,
            bury=self._bury,
            owner="one",
            pace=self.pace,
            seconds_between_looks=60,  # so that only a bell can wake it within a test
        )

    def start(self, program: FakeProgram) -> RunningEngine:
        """Another engine is ready."""
        started = engine(program)
        self._started += 1
        started.engine_id = f"engine {self._started}"
        self.router.add(started, now=time.monotonic())
        return started

    async def until(self, job_id: str, *statuses: str) -> tuple[str, int, int]:
        """The job's counts once it has one of these."""
        async with asyncio.timeout(10):
            while True:
                found = await counts(self.database, job_id)
                if found[0] in statuses:
                    return found
                await asyncio.sleep(0.01)

    async def _cause(self, dead: RunningEngine) -> PlatformError | None:
        return EngineDied(137, out_of_memory=True, information="the last words")

    async def _is_frozen(self, engine: RunningEngine) -> bool:
        return self.are_frozen

    async def _bury(self, dead: RunningEngine, error: PlatformError | None) -> None:
        self.buried.append(error.message if error else "")
        self.router.remove(dead)


@pytest.fixture
async def pumps(database: Database) -> AsyncIterator[Pumps]:
    made = Pumps(database)
    task = asyncio.create_task(made.runner.run())
    yield made
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_active(database, CAST.alice, run_timeout_ms=200)


async def test_items_are_run_in_batches(pumps: Pumps, clock: ManualClock, model_id: str) -> None:
    program = FakeProgram(facts=ModelFacts(batch_size=4), answer=answer_json)
    job = (await submit(pumps.database, clock, model_id, number=6)).job
    pumps.start(program)

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 6, 0)
    assert [len(run) for run in program.runs] == [4, 2]


async def test_new_items_wake_an_idle_engine(pumps: Pumps, clock: ManualClock, model_id: str) -> None:
    pumps.start(FakeProgram(answer=answer_json))
    await asyncio.sleep(0.05)
    job = (await submit(pumps.database, clock, model_id, number=1)).job

    await pumps.until(job.id, "COMPLETED")


async def test_large_outputs_go_to_the_storage(pumps: Pumps, clock: ManualClock) -> None:
    large = b'"' + b"x" * LARGEST_IN_ROW + b'"'
    model_id = await add_active(pumps.database, CAST.alice, outputs=[JSON_OUTPUT | {"maximumSize": 1_000_000}])
    pumps.start(FakeProgram(answer=lambda _: ItemOutcome({"results.json": large})))
    job = (await submit(pumps.database, clock, model_id, number=1)).job
    await pumps.until(job.id, "COMPLETED")

    async with pumps.database.read() as session:
        output = (await session.scalars(select(ItemOutput))).one()
    assert output.data is None
    assert await pumps.blobs.read(output) == large


async def test_explanation_and_drift_stay_as_the_model_wrote_them(pumps: Pumps, clock: ManualClock) -> None:
    model_id = await add_active(pumps.database, CAST.alice)
    written = b'{"data":{"result":[1.50,1e3],"explanation":{"maskRLE":[[1,2]]},"drift":{"z":1,"a":null}}}'
    facts = ModelFacts(explains=True, detects_drift=True)
    pumps.start(FakeProgram(facts=facts, answer=lambda _: ItemOutcome({"results.json": written})))
    job = (await submit(pumps.database, clock, model_id, number=1, explain=True)).job

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 1, 0)
    async with pumps.database.read() as session:
        output = (await session.scalars(select(ItemOutput))).one()
    assert output.data is not None
    kept = output.data.replace(b"1000.0", b"1e3").replace(b"1.5,", b"1.50,")
    assert kept == written, "but for the spelling of numbers"


async def test_engine_that_dies_gives_its_items_to_the_next(pumps: Pumps, clock: ManualClock, model_id: str) -> None:
    job = (await submit(pumps.database, clock, model_id, number=2)).job
    pumps.start(FakeProgram(drops_runs=True))
    async with asyncio.timeout(10):
        while not pumps.buried:  # noqa: ASYNC110 - burying rings no bell
            await asyncio.sleep(0.01)
    pumps.start(FakeProgram(answer=answer_json))

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 2, 0)
    assert "more memory" in pumps.buried[0]


async def test_item_that_hangs_fails_and_its_engine_goes(pumps: Pumps, clock: ManualClock, model_id: str) -> None:
    job = (await submit(pumps.database, clock, model_id, number=1)).job
    pumps.start(FakeProgram(run_hangs=True))

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 0, 1)
    async with pumps.database.read() as session:
        error = await session.scalar(select(JobItem.error))
    assert "time-out" in (error or "")


async def test_item_of_an_engine_that_was_frozen_goes_to_the_next(
    pumps: Pumps, clock: ManualClock, model_id: str
) -> None:
    pumps.are_frozen = True
    job = (await submit(pumps.database, clock, model_id, number=1)).job
    pumps.start(FakeProgram(run_hangs=True))
    async with asyncio.timeout(10):
        while not pumps.buried:  # noqa: ASYNC110 - burying rings no bell
            await asyncio.sleep(0.01)
    pumps.start(FakeProgram(answer=answer_json))

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 1, 0)


async def test_items_wait_for_room_on_the_disk(
    pumps: Pumps, clock: ManualClock, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "SECONDS_UNTIL_THERE_IS_ROOM", 0.01)
    tries = iter([ExchangeFull(), ExchangeFull()])

    def answer(inputs: Mapping[str, bytes]) -> ItemOutcome:
        if problem := next(tries, None):
            raise problem
        return answer_json(inputs)

    job = (await submit(pumps.database, clock, model_id, number=2)).job
    pumps.start(FakeProgram(answer=answer))

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 2, 0)
    assert pumps.buried == []


async def _submit_fetched(pumps: Pumps, clock: ManualClock, model_id: str, sources: FakeSources) -> Receipt:
    """A job of all objects of the bucket b."""
    wanted = Submission(
        model_id,
        "0.1.0",
        "aws-s3",
        {key: {"input.txt": {"bucket": "b", "key": key}} for key in sources.containers["b"]},
        source={"accessKeyID": "AKIA", "secretAccessKey": "x", "region": "eu-central-1"},
    )
    return await submitter(pumps.database, clock, sources=sources).submit(CAST.alice, wanted)


async def test_what_there_is_no_room_for_waits_and_what_was_claimed_ahead_runs_once(
    database: Database, clock: ManualClock, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_inputs, "Room", lambda: Room(left=1000))
    sources = FakeSources({"b": {str(number): b"x" * 200 for number in range(60)}})
    pumps = Pumps(database, sources)
    task = asyncio.create_task(pumps.runner.run())
    job = (await _submit_fetched(pumps, clock, model_id, sources)).job
    program = FakeProgram(answer=answer_json, run_seconds=0.005)
    pumps.start(program)

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 60, 0)
    assert len(program.runs) == 60
    task.cancel()
    await asyncio.wait([task])


async def test_what_was_claimed_too_much_is_run_by_whoever_is_free(
    pumps: Pumps, clock: ManualClock, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "SECONDS_UNTIL_OLD", 0.05)
    job = (await submit(pumps.database, clock, model_id, number=8)).job
    programs = [_start_slow(pumps), _start_slow(pumps)]

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 8, 0)
    ran = [[item["input.txt"] for run in program.runs for item in run] for program in programs]
    assert min(map(len, ran)) > 1
    assert sorted(ran[0] + ran[1]) == [f"text {number}".encode() for number in range(8)]


def _start_slow(pumps: Pumps) -> FakeProgram:
    """A program that takes far longer for an item than items took until now."""
    program = FakeProgram(answer=answer_json, run_seconds=0.1)
    pumps.pace.note(pumps.start(program).plan.version_id, items=1000, seconds=0.001)
    return program


@pytest.mark.parametrize("is_fetched", [False, True])
async def test_what_is_claimed_of_a_canceled_job_does_not_run(
    database: Database, clock: ManualClock, model_id: str, monkeypatch: pytest.MonkeyPatch, is_fetched: bool
) -> None:
    monkeypatch.setattr(pump, "SECONDS_UNTIL_OLD", 0.05)
    sources = FakeSources({"b": {str(number): b"long" for number in range(12)}})
    pumps = Pumps(database, sources)
    task = asyncio.create_task(pumps.runner.run())
    if is_fetched:
        job = (await _submit_fetched(pumps, clock, model_id, sources)).job
    else:
        job = (await submit(database, clock, model_id, number=12)).job
    program = _start_slow(pumps)
    async with asyncio.timeout(10):
        while not program.runs:  # noqa: ASYNC110 - the fake rings no bell
            await asyncio.sleep(0.01)

    async with database.write() as session:
        await cancel_job(session, clock, CAST.alice, job.id)
    other = (await submit(database, clock, model_id, number=1)).job

    assert await pumps.until(other.id, "COMPLETED") == ("COMPLETED", 1, 0)
    assert len(program.runs) <= 4
    task.cancel()
    await asyncio.wait([task])


async def test_items_of_a_claim_whose_commit_got_no_answer_are_run_once(
    database_address: str, clock: ManualClock, model_id: str
) -> None:
    database = ShakyDatabase(database_address)
    seen: list[bytes] = []

    def answer(inputs: Mapping[str, bytes]) -> ItemOutcome:
        seen.append(inputs["input.txt"])
        database.lost_answers = 1  # of the transaction that stores this outcome, too
        return answer_json(inputs)

    pumps = Pumps(database)
    job = (await submit(pumps.database, clock, model_id, number=3)).job
    task = asyncio.create_task(pumps.runner.run())
    database.lost_answers = 1
    pumps.start(FakeProgram(answer=answer))

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 3, 0)
    assert sorted(seen) == [b"text 0", b"text 1", b"text 2"]
    assert await item_states(database, job.id) == ["successful"] * 3
    task.cancel()
    await asyncio.wait([task])
    await database.close()


async def test_items_are_not_said_to_be_fetched_while_the_database_is_busy(
    pumps: Pumps, clock: ManualClock, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def claim_slowly(*args: Any, **options: Any) -> Claim | None:
        await asyncio.sleep(1)
        return await claim_items(*args, **options)

    monkeypatch.setattr(pump, "claim_items", claim_slowly)
    job = (await submit(pumps.database, clock, model_id, number=1)).job
    pumps.start(FakeProgram(answer=answer_json))
    await pumps.until(job.id, "COMPLETED")

    async with pumps.database.read() as session:
        item = (await session.scalars(select(JobItem))).one()
    assert item.fetch_ms is not None
    assert item.latency_ms is not None
    assert item.fetch_ms <= item.latency_ms < 1000


async def test_what_runs_is_known_to_be_held(pumps: Pumps, clock: ManualClock, model_id: str) -> None:
    job = (await submit(pumps.database, clock, model_id, number=3)).job
    program = _start_slow(pumps)
    while not program.runs:  # noqa: ASYNC110 - the fake rings no bell
        await asyncio.sleep(0.01)

    async with pumps.database.read() as session:
        claims = set(await session.scalars(select(JobItem.claim).where(JobItem.state == "running")))
    assert len(claims) == 1
    assert claims <= pumps.runner.held_claims()
    await pumps.until(job.id, "COMPLETED")


async def test_drain_without_work_is_quick(pumps: Pumps, model_id: str) -> None:
    pumps.start(FakeProgram(answer=answer_json))
    await asyncio.sleep(0.1)

    async with asyncio.timeout(10):
        await pumps.runner.drain(seconds=60)


async def test_shutdown_in_a_run_queues_the_items_again(database: Database, clock: ManualClock, model_id: str) -> None:
    pumps = Pumps(database)
    task = asyncio.create_task(pumps.runner.run())
    program = FakeProgram(run_seconds=0.15, answer=answer_json)
    job = (await submit(database, clock, model_id, number=1)).job
    pumps.start(program)
    async with asyncio.timeout(10):
        while not program.runs:  # noqa: ASYNC110 - the fake rings no bell
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])

    assert await item_states(database, job.id) == ["queued"]
    async with database.read() as session:
        assert await session.scalar(select(JobItem.attempts)) == 0
